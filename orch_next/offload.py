"""The border between the server's loop and real threads: nothing may block the loop.

In the green modes (eventlet, gevent) the loop is one thread that serves every socket, and the
standard library is patched *except for threads*: `threading.Lock`, `Event`, `Thread` and
`queue.Queue` are the real ones in every mode. So:

- Code that waits or computes (locks, SQLite, files, hashing, host readings) runs in a real
  thread. Every HTTP view does already; code in the loop (Socket.IO handlers, generators of event
  streams, greenlets) reaches it with `Loop.run_blocking`.
- Code in a real thread reaches the loop (emit to sockets, feed a stream) with `Loop.post`.
- Code in the loop never waits on a `threading` object; it waits on `Loop.queue()`.

In threading mode every thread is equal and all of it is direct.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from orch_next.errors import ConfigError

T = TypeVar("T")

# A writer waits up to 5 s for a ledger's lock; that many may wait before reads wait too.
REAL_THREADS = 48


class Queue(Protocol):
    """A queue that code in the loop may wait on; `get` raises `queue.Empty` at its timeout."""

    def put(self, item: Any) -> None:
        """Append an item; call it in the loop only (`Loop.post` gets there)."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the oldest item; `timeout` in seconds."""


class Lock(Protocol):
    """A lock for code in the loop."""

    def __enter__(self) -> Any:
        """Wait for the lock."""

    def __exit__(self, *_: Any) -> None:
        """Free the lock."""


class Loop:
    """The border in threading mode, where nothing needs crossing."""

    async_mode = "threading"

    def run_blocking(self, work: Callable[[], T]) -> T:
        """Return `work()`, run where it stalls no other client; its exceptions pass."""
        return work()

    def post(self, work: Callable[[], object]) -> None:
        """Let the loop call `work` soon, in the order of the posts; safe from any thread."""
        work()

    def queue(self) -> Queue:
        """Return a queue that code in the loop may wait on."""
        return queue.Queue()

    def lock(self) -> Lock:
        """Return a lock that code in the loop may hold while it waits for a socket."""
        return threading.Lock()


class _GreenLoop(Loop):
    """What both green modes share: the thread of the loop and the posted work in order."""

    _make_queue: Callable[[], Queue]
    _make_lock: Callable[[], Lock]

    def __init__(self) -> None:
        self._home = threading.get_ident()
        self._posted: deque[Callable[[], object]] = deque()

    def run_blocking(self, work: Callable[[], T]) -> T:
        """Return `work()`, run in a real thread; a caller that is in one already stays there."""
        if threading.get_ident() != self._home:
            return work()
        return self._in_thread(work)

    def post(self, work: Callable[[], object]) -> None:
        """Let the loop call `work` soon, in the order of the posts; safe from any thread."""
        self._posted.append(work)
        self._wake()

    def queue(self) -> Queue:
        """Return a green queue."""
        return self._make_queue()

    def lock(self) -> Lock:
        """Return a green semaphore."""
        return self._make_lock()

    def _drain(self) -> None:
        try:
            while self._posted:
                self._posted.popleft()()
        finally:
            if self._posted:  # that work raised: the hub shows it, the rest goes on
                self._spawn(self._drain)

    def _in_thread(self, work: Callable[[], T]) -> T:
        raise NotImplementedError

    def _wake(self) -> None:
        raise NotImplementedError

    def _spawn(self, work: Callable[[], object]) -> None:
        raise NotImplementedError


class EventletLoop(_GreenLoop):
    """Eventlet's hub of the thread that makes this object."""

    async_mode = "eventlet"

    def __init__(self) -> None:
        import eventlet.greenio
        import eventlet.patcher
        import eventlet.queue
        import eventlet.semaphore
        import eventlet.tpool

        super().__init__()
        eventlet.tpool.set_num_threads(REAL_THREADS)
        self._tpool = eventlet.tpool
        self._make_queue = eventlet.queue.Queue
        self._make_lock = eventlet.semaphore.Semaphore
        self._spawn_n = eventlet.spawn_n
        # The sending end is unpatched: a real thread must not enter a hub of its own.
        self._sender, receiver = eventlet.patcher.original("socket").socketpair()
        self._sender.setblocking(False)
        self._receiver = eventlet.greenio.GreenSocket(receiver)
        self._spawn(self._listen)

    def _in_thread(self, work: Callable[[], T]) -> T:
        result: T = self._tpool.execute(work)
        return result

    def _wake(self) -> None:
        # A full pipe holds wake-ups enough.
        with contextlib.suppress(BlockingIOError):
            self._sender.send(b"!")

    def _spawn(self, work: Callable[[], object]) -> None:
        self._spawn_n(work)

    def _listen(self) -> None:
        while self._receiver.recv(4096):
            self._spawn(self._drain)


class GeventLoop(_GreenLoop):
    """Gevent's hub of the thread that makes this object."""

    async_mode = "gevent"

    def __init__(self) -> None:
        import gevent.lock
        import gevent.queue
        import gevent.threadpool

        super().__init__()
        self._gevent = gevent
        self._make_queue = gevent.queue.Queue
        self._make_lock = gevent.lock.BoundedSemaphore
        self._pool = gevent.threadpool.ThreadPool(REAL_THREADS)
        self._waker = gevent.get_hub().loop.async_()
        self._waker.start(lambda: self._spawn(self._drain))

    def _in_thread(self, work: Callable[[], T]) -> T:
        result: T = self._pool.apply(work)
        return result

    def _wake(self) -> None:
        self._waker.send()

    def _spawn(self, work: Callable[[], object]) -> None:
        self._gevent.spawn(work)


def make_loop(async_mode: str) -> Loop:
    """Return the border for `async_mode`; make it in the loop's thread.

    Raises `ConfigError` for a mode that is none of the three.
    """
    makers: dict[str, Callable[[], Loop]] = {
        "eventlet": EventletLoop,
        "threading": Loop,
        "gevent": GeventLoop,
    }
    if async_mode not in makers:
        raise ConfigError(f"async mode must be one of {', '.join(makers)}, not {async_mode!r}")
    return makers[async_mode]()
