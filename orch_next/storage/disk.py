"""Every system call of a durable write, one method each, so that tests can fail any of them."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import stat
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from orch_next.regular import MOST_LEDGER, open_regular, refuse_larger

if sys.platform == "linux":  # pragma: no branch - other systems have no leases
    import fcntl

_CLOEXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Disk:
    """The operating system as a durable write sees it; `system` is what `sys.platform` says."""

    system: str = sys.platform

    def open_read(self, path: Path) -> int:
        """Open a regular file for reading; children do not inherit the descriptor."""
        with open_regular(path) as file:
            refuse_larger(file, MOST_LEDGER)
            return os.dup(file.fileno())

    def open_new(self, path: Path, mode: int = 0o600) -> int:
        """Create a file for writing; it must not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CLOEXEC, mode)

    def open_append(self, path: Path, mode: int = 0o666) -> int:
        """Open a file for writing at its end, and make it where there is none."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _CLOEXEC, mode)

    def make_folder(self, folder: Path, mode: int = 0o777) -> None:
        """Make one folder; it must not exist."""
        folder.mkdir(mode)

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
        if self.system != "win32":
            mine = os.fstat(fd)
            if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
                self.give(fd, like)
            os.fchmod(fd, like.st_mode & 0o7777)

    def is_root(self) -> bool:
        """Tell whether files made here would be root's, whoever uses them."""
        return self.system != "win32" and os.geteuid() == 0

    def give(self, file: int | Path, like: os.stat_result) -> None:
        """Give a file or folder, where permitted, to the owner and group of another one."""
        if self.system != "win32":
            # A link that somebody put there would make root give away what it points to.
            is_open = isinstance(file, int)
            # Only root may give files away; the bytes matter more than the owner.
            with suppress(PermissionError):
                os.chown(file, like.st_uid, like.st_gid, follow_symlinks=is_open)

    def share(self, fd: int, like: os.stat_result) -> None:
        """Let those read and write the file who may write another one."""
        if self.system != "win32":
            writers = like.st_mode & 0o022
            mode = stat.S_IMODE(os.fstat(fd).st_mode)
            # Some file systems keep no modes; the file is made all the same.
            with suppress(PermissionError):
                os.fchmod(fd, mode | writers | writers << 1)

    def rename(self, source: Path, target: Path) -> None:
        """Rename to a name that only the holder of the lock uses."""
        source.rename(target)

    def replace(self, source: Path, target: Path) -> None:
        """Put a file in the place of another."""
        source.replace(target)

    def replace_into(
        self, folder: int, source: str | Path, name: str, *, held: bool = False
    ) -> None:
        """Put a file in the place of another in a folder that is held open, `held` from there."""
        os.replace(source, name, src_dir_fd=folder if held else None, dst_dir_fd=folder)

    def exchange(self, one: Path, other: Path) -> None:
        """Swap two names at once; OSError ENOSYS where the system cannot."""
        call = _renameat2(self.system)
        if call is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        names = os.fsencode(one), os.fsencode(other)
        if call(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(other))

    def name_new(self, source: Path, target: Path) -> None:
        """Give a file a name that is free; FileExistsError where it is not."""
        # Each of the two is atomic and fails where the name exists already.
        if self.system == "win32":
            source.rename(target)
        else:
            os.link(source, target)

    def remove(self, path: Path) -> None:
        """Delete a file."""
        path.unlink()

    def names(self, folder: Path) -> list[str]:
        """List a folder."""
        return [path.name for path in folder.iterdir()]

    def sync_folder(self, folder: Path) -> None:
        """Bring a folder's names to the disk; Windows does that by itself."""
        if self.system != "win32":
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def lease(self, fd: int) -> bool | None:
        """Ask Linux to keep writers out of an open file until it is closed.

        False says that somebody has it open for writing, None that nobody can tell.
        """
        if self.system != "linux":
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


@cache
def _renameat2(system: str) -> Any:
    if system != "linux":
        return None
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:  # pragma: no cover - a libc of before 2018
        return None
    path = ctypes.c_char_p
    call.argtypes = [ctypes.c_int, path, ctypes.c_int, path, ctypes.c_uint]
    return call
