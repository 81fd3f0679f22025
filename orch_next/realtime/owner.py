"""Which process does the background work over one STATE folder: a lease, always taken."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from orch_next.errors import BusyError
from orch_next.ledger.disk import Disk
from orch_next.ledger.whole import make_lock
from orch_next.realtime.redis_client import busy_when_redis_is_away, connect_redis

LOCK_NAME = ".orch-next-owner.lock"
RENEW_SECONDS = 1.0
LEASE_SECONDS = 3.0

_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 0 end
if holder then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('INCR', KEYS[2])
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0"


class Lease(Protocol):
    """A right that one process at a time holds."""

    def claim(self) -> bool:
        """Take or renew it; return whether we hold it now."""

    def is_held(self) -> bool:
        """Tell whether we hold it at this moment, without waiting."""

    def release(self) -> None:
        """Give it back."""


class FileLease:
    """The lease as a lock on a file in the STATE folder: free as soon as its owner is dead."""

    def __init__(self, state_folder: Path, disk: Disk | None = None) -> None:
        self._folder = state_folder
        self._disk = disk or Disk()
        self._lock = FileLock(state_folder / LOCK_NAME, thread_local=False)
        self._process = os.getpid()

    def claim(self) -> bool:
        """Take the lock if nobody has it; a folder that is missing is not made."""
        if not self._lock.is_locked:
            if not self._folder.is_dir():
                return False
            try:
                make_lock(self._folder / LOCK_NAME, self._disk)
                self._lock.acquire(blocking=False)
            except (Timeout, OSError):
                return False
        return True

    def is_held(self) -> bool:
        """Tell whether this process holds the lock; a fork of it does not."""
        return self._lock.is_locked and os.getpid() == self._process

    def release(self) -> None:
        """Unlock."""
        self._lock.release()


class RedisLease:
    """The lease as a key that lives 3 s and is renewed every second.

    `generation` rises with every new holder; whoever writes for the owner compares it.
    """

    def __init__(self, url: str, prefix: str, *, clock: Callable[[], float]) -> None:
        self._redis: Any = connect_redis(url)
        self._claim = self._redis.register_script(_CLAIM)
        self._release = self._redis.register_script(_RELEASE)
        self._keys = [f"{prefix}:owner", f"{prefix}:generation"]
        # For people who look into Redis: on which machine, and which process.
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        self._clock = clock
        self._until = 0.0
        self.generation = 0

    @busy_when_redis_is_away
    def claim(self) -> bool:
        """Take the key when it is free, renew it when it is ours."""
        # The clock is read before the call: our idea of the lease ends before Redis's.
        until = self._clock() + LEASE_SECONDS
        answer = int(self._claim(keys=self._keys, args=[self._name, int(LEASE_SECONDS * 1000)]))
        if answer >= 0:
            self._until = until
            self.generation = answer or self.generation
        return answer >= 0

    def is_held(self) -> bool:
        """Tell whether the lease has not run out since the last renewal."""
        return self._clock() < self._until

    @busy_when_redis_is_away
    def release(self) -> None:
        """Delete the key if it is ours."""
        self._until = 0.0
        self._release(keys=self._keys[:1], args=[self._name])


class Owner:
    """Keeps claiming a lease in a real thread; `is_mine` answers from memory."""

    def __init__(self, lease: Lease, *, gained: Callable[[], None]) -> None:
        self._lease = lease
        self._gained = gained
        self._stopped = threading.Event()

    def is_mine(self) -> bool:
        """Tell whether this process is the one for background work now."""
        return self._lease.is_held()

    def run(self) -> None:
        """Claim and renew every second until `stop`, then give the lease back."""
        while not self._stopped.is_set():
            self.claim()
            self._stopped.wait(RENEW_SECONDS)
        try:
            self._lease.release()
        except BusyError:
            return  # Redis is away: the key runs out by itself

    def claim(self) -> None:
        """Claim once; a store that is away leaves the lease to run out."""
        before = self.is_mine()
        try:
            self._lease.claim()
        except BusyError:
            return
        if self.is_mine() and not before:
            self._gained()

    def stop(self) -> None:
        """End `run` soon."""
        self._stopped.set()
