"""Small files kept durably and, where asked, privately; never root's in another's folder."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from orch_next.errors import UncertainError
from orch_next.regular import read_regular
from orch_next.storage.disk import Disk

_MODE, _PRIVATE = 0o666, 0o600


def replace_whole(
    path: Path, data: bytes, disk: Disk | None = None, *, private: bool = False
) -> None:
    """Put the bytes in the file's place at once; the caller holds what keeps others away.

    Mode and owner stay; a new file belongs to its folder's owner, `private` to that one alone.
    `OSError` means that the old bytes are there, `UncertainError` that the new ones are, but
    perhaps not for good.
    """
    disk = disk or Disk()
    # One name, so that what a killed writer left is gone after the next write.
    draft = path.with_name(f".{path.name}.tmp")
    with suppress(FileNotFoundError):
        disk.remove(draft)
    try:
        _write_draft(disk, draft, path, data, private)
        disk.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            disk.remove(draft)
        if _holds(path, data):
            raise _unconfirmed(path, error) from error
        raise
    _confirm(disk, path)


def append_lines(
    path: Path, data: bytes, disk: Disk | None = None, *, private: bool = False
) -> None:
    """Append whole lines durably; a line that a crash or a full disk cut short stays alone.

    A new file is its owner's alone when `private`, else for all who may write its folder.
    Errors are those of `replace_whole`.
    """
    disk = disk or Disk()
    is_new = not path.exists()
    if not is_new and not _ends_in_line(disk, path):
        data = b"\n" + data
    fd = disk.open_append(path, _PRIVATE if private else _MODE)
    try:
        if is_new and not private:
            disk.share(fd, path.parent.stat())
        if is_new:
            give_to_owner(disk, fd, path.parent)
        else:
            _give_back(disk, path, path.parent)
        _write_all(disk, fd, data)
    finally:
        disk.close(fd)
    if is_new:
        _confirm(disk, path)


def create_whole(
    path: Path, data: bytes, disk: Disk | None = None, *, private: bool = False
) -> None:
    """Write a file that does not exist yet, `private` for its owner alone; OSError passes.

    Its name is not on the disk before the folder is synced.
    """
    disk = disk or Disk()
    fd = open_new(path, disk, private=private)
    try:
        _write_all(disk, fd, data)
    finally:
        disk.close(fd)


def create_once(path: Path, data: bytes, disk: Disk | None = None) -> None:
    """Make a private file durably and at once, unless there is one by now; OSError passes."""
    disk = disk or Disk()
    # A name of its own: a crash in between leaves no half-written file behind.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.orch-tmp")
    try:
        create_whole(draft, data, disk, private=True)
        disk.name_new(draft, path)
        disk.sync_folder(path.parent)
    except FileExistsError:
        return  # another process was faster: its file is the one
    finally:
        draft.unlink(missing_ok=True)


def open_new(path: Path, disk: Disk | None = None, *, private: bool = False) -> int:
    """Open a file for writing that does not exist yet, its folder's owner's; OSError passes."""
    disk = disk or Disk()
    fd = disk.open_new(path, _PRIVATE if private else _MODE)
    try:
        give_to_owner(disk, fd, path.parent)
    except OSError:
        disk.close(fd)
        raise
    return fd


def make_folders(folder: Path, disk: Disk | None = None, *, private: bool = False) -> None:
    """Make a folder and those above it durably; OSError passes, also where a file is there.

    Only its owner enters a folder that is made `private`; those above it are not.
    """
    disk = disk or Disk()
    if folder.is_dir():
        return
    make_folders(folder.parent, disk)
    try:
        disk.make_folder(folder, 0o700 if private else 0o777)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    give_to_owner(disk, folder, folder.parent)
    disk.sync_folder(folder.parent)


def make_private(path: Path, disk: Disk | None = None) -> None:
    """Make an empty file that is its folder's owner's alone, unless there is one.

    One that is there is not opened: closing it would drop the locks that SQLite has on it.
    """
    disk = disk or Disk()
    if not path.exists():
        with suppress(FileExistsError):
            disk.close(open_new(path, disk, private=True))


def make_lock(path: Path, disk: Disk | None = None) -> None:
    """Make a lock file that all can lock who may write what it guards; OSError passes.

    It belongs to the owner of what it guards, also where root made it earlier.
    """
    disk = disk or Disk()
    guarded = guarded_by(path)
    if path.exists():
        _give_back(disk, path, guarded)
        return
    with suppress(FileExistsError):
        fd = disk.open_new(path, _MODE)
        try:
            disk.share(fd, guarded.stat())
            give_to_owner(disk, fd, guarded)
        finally:
            disk.close(fd)


def guarded_by(lock: Path) -> Path:
    """Return what a lock file guards: `.TASKS.md.lock` the file TASKS.md, else its folder."""
    name = lock.name.removesuffix("-next").removesuffix(".lock").removeprefix(".")
    beside = lock.parent / name
    return beside if beside != lock and beside.exists() else lock.parent


def give_to_owner(disk: Disk, file: int | Path, like: Path) -> None:
    """Let what root has just made belong to whom its folder, or what it guards, belongs to."""
    if disk.is_root():
        disk.give(file, like.stat())


def _give_back(disk: Disk, path: Path, like: Path) -> None:
    """Let a file that root made earlier belong to whom it should."""
    if disk.is_root():
        wanted, present = like.stat(), path.lstat()
        if (wanted.st_uid, wanted.st_gid) != (present.st_uid, present.st_gid):
            disk.give(path, wanted)


def _write_draft(disk: Disk, draft: Path, path: Path, data: bytes, private: bool) -> None:
    fd = disk.open_new(draft, _PRIVATE if private else _MODE)
    try:
        if path.exists():
            disk.copy_owner(fd, path.stat())
        else:
            give_to_owner(disk, fd, path.parent)
        _write_all(disk, fd, data)
    finally:
        disk.close(fd)


def _write_all(disk: Disk, fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[disk.write(fd, rest) :]
    disk.sync(fd)


def _ends_in_line(disk: Disk, path: Path) -> bool:
    fd = disk.open_read(path)
    try:
        last = b"\n"
        while part := disk.read(fd):
            last = part[-1:]
        return last == b"\n"
    finally:
        disk.close(fd)


def _confirm(disk: Disk, path: Path) -> None:
    try:
        disk.sync_folder(path.parent)
    except OSError as error:
        raise _unconfirmed(path, error) from error


def _holds(path: Path, data: bytes) -> bool:
    """Tell whether a replacement that was told to have failed was made all the same."""
    try:
        return read_regular(path, len(data)) == data
    except OSError:
        return False


def _unconfirmed(path: Path, error: OSError) -> UncertainError:
    return UncertainError(f"{path.name}: the disk did not confirm the change: {error}")
