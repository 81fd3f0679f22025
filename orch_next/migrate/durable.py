"""Files that survive a power cut: written, flushed, then put in their place in one step."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from orch_next.errors import MigrationError
from orch_next.migrate.bounds import held
from orch_next.migrate.facts import CHUNK, POSIX, Count, Fact, uncounted
from orch_next.storage.atomic import make_folders, replace_whole
from orch_next.storage.disk import Disk

TEMP_SUFFIX = ".orch-migrate.tmp"


DISK = Disk()


def sync_folder(path: Path, disk: Disk = DISK) -> None:
    """Bring a folder's names to the disk, where the system can."""
    disk.sync_folder(path)


def sync_file(path: Path, disk: Disk = DISK) -> None:
    """Bring a file's content to the disk."""
    # Windows flushes only what may be written; elsewhere a read-only file can be flushed too.
    fd = os.open(path, os.O_RDONLY if POSIX else os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        disk.sync(fd)
    finally:
        os.close(fd)


def write_new(path: Path, data: bytes, disk: Disk = DISK) -> None:
    """Write a file that does not exist yet and flush it."""
    with path.open("xb") as file:
        file.write(data)
        flush(file, disk)


def flush(file: IO[bytes], disk: Disk = DISK) -> None:
    """Bring what was written to an open file to the disk."""
    file.flush()
    disk.sync(file.fileno())


def replace_text(path: Path, text: str) -> None:
    """Put a text in the place of a file, whole or not at all."""
    make_folders(path.parent)
    replace_whole(path, text.encode("utf-8", errors="backslashreplace"))


def copy_out(
    source: Path,
    target: Path,
    *,
    pack: bool = False,
    count: Count = uncounted,
    disk: Disk = DISK,
) -> str:
    """Copy a file into a new one, gzipped on demand, flush it and return the sha256 it had."""
    with source.open("rb") as file:
        return _pour(file, target, pack, count, disk)


def copy_back(
    source: Path, target: Path, *, packed: bool, count: Count = uncounted, disk: Disk = DISK
) -> str:
    """Copy a kept file into a new one, flush it and return its sha256."""
    with opened(source, packed=packed) as file:
        return _pour(file, target, False, count, disk)


def open_regular(path: Path) -> IO[bytes]:
    """Open an ordinary file; OSError for a link, a pipe, a device or a folder."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    fd = os.open(path, os.O_RDONLY | flags)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "is no ordinary file", str(path))
    return os.fdopen(fd, "rb")


@contextlib.contextmanager
def opened(path: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    """Open a kept file for reading; OSError or EOFError while reading mean that it is damaged."""
    with open_regular(path) as file, contextlib.ExitStack() as stack:
        yield cast(IO[bytes], stack.enter_context(gzip.open(file, "rb"))) if packed else file


def _pour(source: IO[bytes], target: Path, pack: bool, count: Count, disk: Disk) -> str:
    found = hashlib.sha256()
    with target.open("xb") as raw:
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(gzip.GzipFile("", "wb", 1, raw, 0)) if pack else raw
            while chunk := source.read(CHUNK):
                found.update(chunk)
                out.write(chunk)
                count(len(chunk))
        flush(raw, disk)
    return found.hexdigest()


def mark(path: Path, fact: Fact) -> None:
    """Give a file the mode, the mtime, and where permitted the owner, of a fact."""
    if POSIX:
        info = path.stat()
        if fact.owner and fact.owner != (info.st_uid, info.st_gid):
            with contextlib.suppress(PermissionError):
                os.chown(path, *fact.owner)
        path.chmod(fact.mode)
    if fact.mtime_ns:
        os.utime(path, ns=(fact.mtime_ns, fact.mtime_ns))


def put_in_place(source: Path, target: Path, root: Path | None = None, disk: Disk = DISK) -> None:
    """Put a file that is already on the disk in the place of another; raise `MigrationError`.

    Across a border of file systems it is copied beside its place first. Nothing is written
    where the place's folder is not below `root`.
    """
    try:
        with held(root, target) as folder:
            _replace(source, target, folder, disk)
    except OSError as error:
        raise MigrationError(_told(target, error)) from error


def _replace(source: Path, target: Path, folder: int | None, disk: Disk) -> None:
    _allow(target)
    try:
        _rename(source, target, folder, disk)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temp = beside(target)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_at(temp, folder), dir_fd=folder)
        _copy_over(source, temp, folder, disk)
        _rename(temp, target, folder, disk, near=True)
        source.unlink()


def _rename(
    source: Path, target: Path, folder: int | None, disk: Disk, *, near: bool = False
) -> None:
    """Put a file in the place of another; `near` says that it lies in the same folder."""
    if folder is None:
        disk.replace(source, target)
    else:
        disk.replace_into(folder, _at(source, folder) if near else source, target.name, held=near)


def _at(path: Path, folder: int | None) -> str | Path:
    return path if folder is None else path.name


def _copy_over(source: Path, temp: Path, folder: int | None, disk: Disk) -> None:
    """Copy a file, with mode, mtime and owner, or a link to another file system."""
    if source.is_symlink():
        os.symlink(os.readlink(source), _at(temp, folder), dir_fd=folder)  # noqa: PTH115
        return
    info = source.stat()
    with source.open("rb") as file, _opened_new(temp, folder) as out:
        while chunk := file.read(CHUNK):
            out.write(chunk)
        out.flush()
        if POSIX:
            with contextlib.suppress(PermissionError):
                os.fchown(out.fileno(), info.st_uid, info.st_gid)
            os.fchmod(out.fileno(), stat.S_IMODE(info.st_mode))
            os.utime(out.fileno(), ns=(info.st_atime_ns, info.st_mtime_ns))
        disk.sync(out.fileno())
    if not POSIX:
        os.utime(temp, ns=(info.st_atime_ns, info.st_mtime_ns))


def _opened_new(path: Path, folder: int | None) -> IO[bytes]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(_at(path, folder), flags, 0o600, dir_fd=folder), "wb")


def beside(target: Path) -> Path:
    """Return the temporary neighbour of a file; a kill may leave it, a rollback removes it."""
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]
    return target.with_name(f".{name}{TEMP_SUFFIX}")


def remove(path: Path, root: Path | None = None) -> None:
    """Remove a file or a link, if it is there; raise `MigrationError` where it is held open.

    Nothing is removed where the path's folder is not below `root`.
    """
    try:
        with held(root, path) as folder:
            _allow(path)
            os.unlink(_at(path, folder), dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise MigrationError(_told(path, error)) from error


def drop(path: Path) -> None:
    """Remove a folder with all that is in it; a link goes, and what it leads to stays."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path)


def _allow(path: Path) -> None:
    """Let a read-only file be replaced: Windows refuses that, others ask the folder alone."""
    if not POSIX and path.is_file():
        path.chmod(0o666)


def _told(path: Path, error: OSError) -> str:
    why = "another program has it open" if not POSIX else (error.strerror or str(error))
    return (
        f"{path} cannot be put in place: {why}. Remove the cause, then go on with "
        "`orch-next migrate apply`, or back with `orch-next migrate rollback`"
    )
