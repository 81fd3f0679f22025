"""Small files kept durably: replaced whole or appended to, and never root's in another's folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from orch_next.errors import UncertainError
from orch_next.ledger.disk import Disk

_MODE = 0o666


def replace_whole(path: Path, data: bytes, disk: Disk | None = None) -> None:
    """Put the bytes in the file's place at once; the caller holds what keeps others away.

    Mode and owner stay; a new file belongs to its folder's owner. `OSError` means that the
    old bytes are there, `UncertainError` that the new ones are, but perhaps not for good.
    """
    disk = disk or Disk()
    # One name, so that what a killed writer left is gone after the next write.
    draft = path.with_name(f".{path.name}.tmp")
    with suppress(FileNotFoundError):
        disk.remove(draft)
    try:
        _write_draft(disk, draft, path, data)
        disk.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            disk.remove(draft)
        if _holds(path, data):
            raise _unconfirmed(path, error) from error
        raise
    _confirm(disk, path)


def append_lines(path: Path, data: bytes, disk: Disk | None = None) -> None:
    """Append whole lines durably; a line that a crash or a full disk cut short stays alone.

    Errors are those of `replace_whole`.
    """
    disk = disk or Disk()
    is_new = not path.exists()
    if not is_new and not _ends_in_line(disk, path):
        data = b"\n" + data
    fd = disk.open_append(path)
    try:
        if is_new:
            give_to_owner(disk, fd, path.parent)
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
    fd = disk.open_new(path, 0o600 if private else _MODE)
    try:
        give_to_owner(disk, fd, path.parent)
        _write_all(disk, fd, data)
    finally:
        disk.close(fd)


def make_folders(folder: Path, disk: Disk | None = None) -> None:
    """Make a folder and those above it durably; OSError passes, also where a file is there."""
    disk = disk or Disk()
    if folder.is_dir():
        return
    make_folders(folder.parent, disk)
    try:
        disk.make_folder(folder)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    give_to_owner(disk, folder, folder.parent)
    disk.sync_folder(folder.parent)


def make_for_owner(path: Path, disk: Disk | None = None) -> None:
    """Make an empty file that its folder's owner can use, where root would make its own.

    Nothing is done for other users, and for a file that is there.
    """
    disk = disk or Disk()
    if disk.is_root() and not path.exists():
        with suppress(FileExistsError):
            fd = disk.open_new(path, _MODE)
            try:
                give_to_owner(disk, fd, path.parent)
            finally:
                disk.close(fd)


def give_to_owner(disk: Disk, file: int | Path, folder: Path) -> None:
    """Let what root has just made belong to whom its folder belongs to."""
    if disk.is_root():
        disk.give(file, folder.stat())


def _write_draft(disk: Disk, draft: Path, path: Path, data: bytes) -> None:
    fd = disk.open_new(draft, _MODE)
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
        return path.read_bytes() == data
    except OSError:
        return False


def _unconfirmed(path: Path, error: OSError) -> UncertainError:
    return UncertainError(f"{path.name}: the disk did not confirm the change: {error}")
