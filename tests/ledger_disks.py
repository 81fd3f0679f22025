"""Disks that fail, die, or let an editor in at a chosen system call of a ledger write."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orch_next.storage.disk import Disk

CALLS = frozenset(
    name for name, call in vars(Disk).items() if not name.startswith("_") and callable(call)
)
KINDS = ["kill", "kill-after", "EIO", "EIO-after", "ENOSPC", "EINTR", "short"]


@contextlib.contextmanager
def fast_folder() -> Iterator[Path]:
    """Yield a folder in memory where there is one: the disk's fsync is not on trial here."""
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    with tempfile.TemporaryDirectory(dir=memory if usable else None) as name:
        yield Path(name)


class Killed(BaseException):
    """The process is gone: no `except OSError`, no clean-up on the disk."""


class CountingDisk(Disk):
    """Count the calls and do `act(call, number)` before each; `after` is done behind it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def before(self, name: str, number: int) -> None:
        """Do nothing yet."""

    def after(self, name: str, number: int) -> None:
        """Do nothing yet."""

    def __getattribute__(self, name: str) -> Any:
        call = super().__getattribute__(name)
        if name not in CALLS:
            return call

        def counted(*args: Any) -> Any:
            number = len(self.calls)
            self.calls.append(name)
            self.before(name, number)
            result = call(*self.changed(name, number, args))
            self.after(name, number)
            return result

        return counted

    def changed(self, name: str, number: int, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return args


class FaultyDisk(CountingDisk):
    """Fail the call with the given number in one of the `KINDS`."""

    def __init__(self, at: int, kind: str) -> None:
        super().__init__()
        self.at, self.kind, self.dead = at, kind, False
        self.opened: set[int] = set()

    def open_read(self, path: Path) -> int:
        return self._opened(super().open_read(path))

    def open_new(self, path: Path, mode: int = 0o600) -> int:
        return self._opened(super().open_new(path, mode))

    def open_append(self, path: Path, mode: int = 0o666) -> int:
        return self._opened(super().open_append(path, mode))

    def close(self, fd: int) -> None:
        self.opened.discard(fd)
        super().close(fd)

    def let_go(self) -> None:
        """Close what is open, as the kernel does for the dead and after a failed close.

        A lease that stays would hold the next editor up for 45 s.
        """
        while self.opened:
            os.close(self.opened.pop())

    def _opened(self, fd: int) -> int:
        self.opened.add(fd)
        return fd

    def before(self, name: str, number: int) -> None:
        self._fail(number, after=False)

    def after(self, name: str, number: int) -> None:
        self._fail(number, after=True)

    def _fail(self, number: int, after: bool) -> None:
        if self.dead:
            raise Killed
        if number != self.at or self.kind.endswith("-after") != after or self.kind == "short":
            return
        name = self.kind.removesuffix("-after")
        if name == "kill":
            self.dead = True
            self.let_go()
            raise Killed
        code = getattr(errno, name)
        raise OSError(code, os.strerror(code))

    def changed(self, name: str, number: int, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if (self.kind, name, number) == ("short", "write", self.at):
            return args[0], args[1][: max(1, len(args[1]) // 2)]
        return args


class EditorDisk(CountingDisk):
    """Let an editor save right before (or after) the nth call of the given name."""

    def __init__(self, saves: dict[tuple[str, int], Callable[[], None]]) -> None:
        super().__init__()
        self.saves = saves

    def before(self, name: str, number: int) -> None:
        save = self.saves.get((name, self.calls.count(name)))
        if save:
            save()


def save_by_rename(path: Path, text: str) -> Callable[[], None]:
    def save() -> None:
        draft = path.with_name("editor")
        draft.write_bytes(text.encode())
        draft.replace(path)

    return save


def save_in_place(path: Path, text: str) -> Callable[[], None]:
    def save() -> None:
        path.write_bytes(text.encode())

    return save


class UnconfirmedDisk(Disk):
    """Do everything, and then say that no name reached the disk."""

    def sync_folder(self, folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class RootDisk(CountingDisk):
    """Be root in a folder of somebody else: note what is given to its owner, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def is_root(self) -> bool:
        return True

    def give(self, file: int | Path, like: os.stat_result) -> None:
        name = Path(f"/proc/self/fd/{file}").readlink().name if isinstance(file, int) else file.name
        self.given.append(re.sub(r"[0-9a-f]{16}", "<random>", name))


LASTING = frozenset(
    {"write", "sync", "rename", "replace", "exchange", "make_folder", "sync_folder", "open_append"}
)


def made_to_last(disk: CountingDisk) -> list[str]:
    """Return the calls that make a change durable, in their order."""
    return [name for name in disk.calls if name in LASTING]
