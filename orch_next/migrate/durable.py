"""Files that survive a power cut: written, flushed, then put in their place in one step."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import os
import shutil
from pathlib import Path
from typing import IO, cast

from orch_next.errors import MigrationError
from orch_next.ledger.disk import Disk
from orch_next.migrate.facts import CHUNK, POSIX, Count, Fact, uncounted

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
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(path.name + TEMP_SUFFIX)
    temp.unlink(missing_ok=True)
    write_new(temp, text.encode("utf-8", errors="backslashreplace"))
    temp.replace(path)
    sync_folder(path.parent)


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


def opened(path: Path, *, packed: bool) -> IO[bytes]:
    """Open a kept file for reading; OSError or EOFError while reading mean that it is damaged."""
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")


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


def put_in_place(source: Path, target: Path, disk: Disk = DISK) -> None:
    """Put a file that is already on the disk in the place of another; raise `MigrationError`.

    Across a border of file systems it is copied beside its place first.
    """
    try:
        _replace(source, target, disk)
    except OSError as error:
        raise MigrationError(_told(target, error)) from error


def _replace(source: Path, target: Path, disk: Disk) -> None:
    _allow(target)
    try:
        disk.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temp = beside(target)
        temp.unlink(missing_ok=True)
        shutil.copy2(source, temp)
        _copy_owner(source, temp)
        sync_file(temp, disk)
        disk.replace(temp, target)
        source.unlink()


def _copy_owner(source: Path, target: Path) -> None:
    """Let a copy belong to whom the original belongs to, where that is permitted."""
    if POSIX:
        info = source.stat()
        with contextlib.suppress(PermissionError):
            os.chown(target, info.st_uid, info.st_gid)


def beside(target: Path) -> Path:
    """Return the temporary neighbour of a file; a kill may leave it, a rollback removes it."""
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]
    return target.with_name(f".{name}{TEMP_SUFFIX}")


def remove(path: Path) -> None:
    """Remove a file or a link, if it is there; raise `MigrationError` where it is held open."""
    try:
        _allow(path)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise MigrationError(_told(path, error)) from error


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
