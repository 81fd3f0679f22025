"""Every system call of a ledger write, one method each, so that tests can fail any of them."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
from functools import cache
from pathlib import Path
from typing import Any

from orch_next.regular import MOST_LEDGER, open_regular, refuse_larger

if sys.platform == "linux":
    import fcntl

_CLOEXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Disk:
    """The operating system as a ledger write sees it."""

    def open_read(self, path: Path) -> int:
        """Open a regular file for reading; children do not inherit the descriptor."""
        with open_regular(path) as file:
            refuse_larger(file, MOST_LEDGER)
            return os.dup(file.fileno())

    def open_new(self, path: Path) -> int:
        """Create a file for writing; it must not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CLOEXEC, 0o600)

    def read(self, fd: int) -> bytes:
        """Read up to 1 MiB; empty at the end."""
        return os.read(fd, 1 << 20)

    def write(self, fd: int, data: memoryview) -> int:
        """Write and return how many bytes went out, which may be fewer than given."""
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        """Bring a file to the disk; a failed fsync is never retried."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close a descriptor."""
        os.close(fd)

    def stat(self, fd: int) -> os.stat_result:
        """Return mode and owner of an open file."""
        return os.fstat(fd)

    def copy_owner(self, fd: int, like: os.stat_result) -> None:
        """Give the file the mode, and where permitted the owner, of another one."""
        if sys.platform != "win32":
            mine = os.fstat(fd)
            if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
                _try_chown(fd, like)
            os.fchmod(fd, like.st_mode & 0o7777)

    def rename(self, source: Path, target: Path) -> None:
        """Rename to a name that only the holder of the lock uses."""
        source.rename(target)

    def replace(self, source: Path, target: Path) -> None:
        """Put a file in the place of another."""
        source.replace(target)

    def exchange(self, one: Path, other: Path) -> None:
        """Swap two names at once; OSError ENOSYS where the system cannot."""
        call = _renameat2()
        if call is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        names = os.fsencode(one), os.fsencode(other)
        if call(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(other))

    def remove(self, path: Path) -> None:
        """Delete a file."""
        path.unlink()

    def names(self, folder: Path) -> list[str]:
        """List a folder."""
        return [path.name for path in folder.iterdir()]

    def sync_folder(self, folder: Path) -> None:
        """Bring a folder's names to the disk; Windows does that by itself."""
        if sys.platform != "win32":
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def lease(self, fd: int) -> bool | None:
        """Ask Linux to keep writers out of an open file until it is closed.

        False says that somebody has it open for writing, None that nobody can tell.
        """
        if sys.platform != "linux":
            return None
        try:
            # A lease is broken by a signal; SIGIO's default would end the process.
            fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True


def _try_chown(fd: int, like: os.stat_result) -> None:
    try:
        os.fchown(fd, like.st_uid, like.st_gid)
    except PermissionError:
        # Only root may give files away; the bytes matter more than the owner.
        return


@cache
def _renameat2() -> Any:
    if sys.platform != "linux":
        return None
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        call.argtypes = [
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_uint,
        ]
    return call
