"""Disks that fail, die, or let an editor in at a chosen system call of a ledger write."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orch_next.ledger.disk import Disk

CALLS = frozenset(name for name in vars(Disk) if not name.startswith("_"))
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

    def open_new(self, path: Path) -> int:
        return self._opened(super().open_new(path))

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
