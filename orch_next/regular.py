"""Open files that another party may have put there: regular ones only, within a limit.

A name that somebody else chose can be a FIFO, a device, a link out of its folder or a file
without an end. Opening never waits here, and what was opened is judged, not its name.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

KIB, MIB = 1 << 10, 1 << 20
# Settings, stamps and flags; reports and registries that other programs write.
MOST_SMALL = MIB
MOST_RECORDS = 64 * MIB
MOST_LEDGER = 256 * MIB

_CHUNK = MIB
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = _FLAGS | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
_HAS_FOLDERS = os.open in os.supports_dir_fd and bool(_NO_LINK)


class NotRegularError(OSError):
    """The name is a FIFO, a device, a socket or a folder."""


class TooLargeError(OSError):
    """The file has more bytes than its reader takes."""


def open_regular(path: Path) -> io.FileIO:
    """Open a regular file to read, links followed; raise `OSError`."""
    return _judged(os.open(path, _FLAGS | _NEVER_WAIT), path)


def open_below(root: Path, path: Path) -> io.FileIO:
    """Open a regular file below `root` without following a link; raise `OSError`.

    `path` is absolute or starts at the root, without `..`; each of its folders is opened
    from the one above, so that a link that comes in between leads nowhere.
    """
    parts = _parts_below(root, path)
    if not _HAS_FOLDERS:
        return _open_by_name(root.joinpath(*parts))
    folder = os.open(root, _FLAGS | getattr(os, "O_DIRECTORY", 0))
    try:
        for part in parts[:-1]:
            folder, above = os.open(part, _FOLDER, dir_fd=folder), folder
            os.close(above)
        opened = os.open(parts[-1], _FLAGS | _NEVER_WAIT | _NO_LINK, dir_fd=folder)
    finally:
        os.close(folder)
    return _judged(opened, path)


def read_regular(path: Path, most: int) -> bytes:
    """Return a regular file's bytes; raise `OSError`, also for more than `most` of them."""
    with open_regular(path) as file:
        return read_whole(file, most)


def read_tail(path: Path, most: int) -> bytes:
    """Return the last bytes of a regular file, at most `most`; raise `OSError`."""
    with open_regular(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most))
        return _read_up_to(file, most)


def read_whole(file: io.FileIO, most: int) -> bytes:
    """Return all that is left of an open file; raise `TooLargeError` beyond `most` bytes."""
    refuse_larger(file, most)
    pieces, size = [], 0
    while piece := file.read(_CHUNK):
        size += len(piece)
        if size > most:  # it grows while it is read
            raise _too_large(file, most)
        pieces.append(piece)
    return b"".join(pieces)


def _read_up_to(file: io.FileIO, most: int) -> bytes:
    pieces = []
    while most and (piece := file.read(min(most, _CHUNK))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def refuse_larger(file: io.FileIO, most: int) -> None:
    """Raise `TooLargeError` for an open file of more than `most` bytes."""
    if os.fstat(file.fileno()).st_size > most:
        raise _too_large(file, most)


def _parts_below(root: Path, path: Path) -> tuple[str, ...]:
    parts = (path.relative_to(root) if path.is_absolute() else path).parts
    if not parts or ".." in parts:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return parts


def _open_by_name(path: Path) -> io.FileIO:
    # Without openat: the look comes before the opening.
    if path.resolve() != path.absolute():
        raise NotRegularError(errno.ELOOP, "a link is not followed", str(path))
    return open_regular(path)


def _judged(opened: int, path: Path) -> io.FileIO:
    """Return the descriptor as a file that reads to its end; close one that is none."""
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise NotRegularError(errno.EINVAL, "not a regular file", str(path))
    return io.FileIO(opened, "rb")


def _too_large(file: io.FileIO, most: int) -> TooLargeError:
    return TooLargeError(errno.EFBIG, f"more than {most} bytes", str(file.name))
