"""Start, mark, find and stop process groups on Linux, macOS and Windows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import psutil

# Carried by every process of a job, so that those that left the group are found too.
MARK = "ORCH_JOB"

# What a command may see of the server's environment; secrets are not among it.
_POSIX = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
_WINDOWS = ("TEMP", "TMP", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT")
_WINDOWS_USER = ("USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "PROGRAMFILES")
ALLOWED_ENVIRONMENT = (*_POSIX, *_WINDOWS, *_WINDOWS_USER)

# Two clocks' rounding: psutil reads start times in ticks of 10 ms.
_SAME_START = 0.05
# How long, and how often in between, we wait for killed processes to be gone.
_DEATH_SECONDS = 5.0
_DEATH_PAUSE = 0.01


@dataclass(frozen=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    started: float

    def find(self) -> psutil.Process | None:
        """Return the living process, or None when it is gone or its pid was reused."""
        try:
            process = psutil.Process(self.pid)
            alive = process.status() != psutil.STATUS_ZOMBIE
            same = abs(process.create_time() - self.started) <= _SAME_START
        except psutil.Error:
            return None
        return process if alive and same else None


def clean_environment(
    source: Mapping[str, str], names: Iterable[str], extra: Mapping[str, str]
) -> dict[str, str]:
    """Return only the allowed and the named variables of `source`, and `extra` on top."""
    allowed = {name.upper() for name in (*ALLOWED_ENVIRONMENT, *names)}
    kept = {name: value for name, value in source.items() if name.upper() in allowed}
    return {**kept, **extra}


def start_group(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdin: IO[bytes],
    output: int,
) -> subprocess.Popen[bytes]:
    """Start an argument list (no shell) as leader of its own group; raise `OSError`."""
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(  # noqa: S603 - the list comes from cores.toml only
        list(command),
        cwd=cwd,
        env=dict(environment),
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        creationflags=flags,
        start_new_session=sys.platform != "win32",
    )


def identify(pid: int) -> Identity:
    """Return the identity of a child that was just started (it cannot be reused yet)."""
    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return Identity(pid, 0.0)


def signal_group(identity: Identity, *, force: bool) -> None:
    """Ask the whole group to end, or kill it; one that is gone is no error.

    The group outlives its leader: on POSIX the signal goes to the group's id, which the
    system gives to nobody else while a member lives.
    """
    if sys.platform == "win32":
        _signal_tree(identity, force=force)
        return
    if _is_other(identity):
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(identity.pid, signal.SIGKILL if force else signal.SIGTERM)


def _is_other(identity: Identity) -> bool:
    # The leader's pid now belongs to somebody else: then the old group is empty.
    return psutil.pid_exists(identity.pid) and not (identity.find() or _is_zombie(identity.pid))


def _is_zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _signal_tree(identity: Identity, *, force: bool) -> None:
    leader = identity.find()
    if leader is None:
        return
    with suppress(psutil.Error):
        for process in (*leader.children(recursive=True), leader):
            with suppress(psutil.Error):
                process.kill() if force else process.terminate()


def group_alive(identity: Identity) -> bool:
    """Tell whether any living process is left of the group (zombies do not count)."""
    if sys.platform == "win32":
        return identity.find() is not None
    if _is_other(identity):
        return False
    return any(_is_member(process, identity.pid) for process in psutil.process_iter())


def _is_member(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def marked_processes(mark: str) -> list[psutil.Process]:
    """List living processes that carry the job's mark in their environment."""
    return [process for process in psutil.process_iter() if _carries(process, mark)]


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK) == mark
    except (psutil.Error, OSError, SystemError):
        return False


def kill_group(identity: Identity) -> None:
    """Kill the whole group and see it dead."""
    signal_group(identity, force=True)
    _await(lambda: not group_alive(identity))


def kill_marked(mark: str, *, rounds: int = 5) -> list[int]:
    """Kill every process with the mark until a look finds none; return their pids."""
    killed: list[int] = []
    for _ in range(rounds):  # one may fork between our look and our signal
        found = marked_processes(mark)
        if not found:
            break
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        _await(partial(_all_dead, found))
        killed.extend(process.pid for process in found)
    return killed


def _all_dead(processes: Iterable[psutil.Process]) -> bool:
    return not any(Identity(one.pid, one.create_time()).find() for one in processes)


def _await(done: Callable[[], bool]) -> None:
    # Not psutil.wait_procs: it needs select.poll, which eventlet takes away. A killed
    # process holds its files and locks for a moment longer than its memory and its mark.
    pause = threading.Event()
    for _ in range(round(_DEATH_SECONDS / _DEATH_PAUSE)):
        if done():
            return
        pause.wait(_DEATH_PAUSE)
