"""Where the frame may write: plain paths whose real folder lies below the target."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from orch_next.errors import MigrationError
from orch_next.migrate.places import FRAME

_DRIVE = re.compile(r"[A-Za-z]:")
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
_PINS = os.rename in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


def is_inner(path: PurePosixPath) -> bool:
    """Tell whether a path is relative, leads nowhere up, and is none of the frame's own."""
    text = str(path)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in text:
        return False
    if os.name == "nt" and ("\\" in text or ":" in text):
        return False
    return not _DRIVE.match(text) and not path.is_relative_to(FRAME)


def is_written_inner(text: str) -> bool:
    """Tell whether a written path is an inner one in its shortest form."""
    path = PurePosixPath(text)
    return str(path) == text and is_inner(path)


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of one folder of the frame: a run, a step, a copy."""
    return bool(_NAME.fullmatch(text))


def leads_out(root: Path, path: Path) -> bool:
    """Tell whether a path leads through links to somewhere that is not below `root`."""
    try:
        return not path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a loop leads nowhere
        return False


def check_inside(root: Path, place: Path) -> Path:
    """Return the real folder of a path; raise `MigrationError` where it is not below `root`."""
    try:
        folder = place.parent.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        raise MigrationError(f"{place} lies behind a loop of links; it was not touched") from error
    if not folder.is_relative_to(root.resolve()):
        raise MigrationError(f"{place} leads through a link out of {root}; it was not touched")
    return folder


@contextlib.contextmanager
def held(root: Path | None, place: Path) -> Iterator[int | None]:
    """Hold a path's real folder open, so that no link can be slipped in before the write.

    Yields None where the system cannot do that, or nothing bounds the path.
    """
    folder = check_inside(root, place) if root else None
    if root is None or folder is None or not _PINS:
        yield None
        return
    flags = getattr(os, "O_PATH", os.O_RDONLY) | _FOLDER
    fd = os.open(root.resolve(), flags)
    try:
        for part in folder.relative_to(root.resolve()).parts:
            inner = os.open(part, flags, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)
