"""What a step asks for: a file that shall have some content, or one that shall be gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Put:
    """The file at `path`, relative to the target, shall have this content: exactly one of three.

    `content` is bytes in hand; `origin` a file to copy in chunks with its mode and mtime; `build`
    writes into the path it is given (a staging file that does not exist yet). A `mode` of None
    keeps the present file's, else the origin's, else 0o644.
    """

    path: PurePosixPath
    content: bytes | None = None
    origin: Path | None = None
    build: Callable[[Path], None] | None = None
    mode: int | None = None


@dataclass(frozen=True)
class Remove:
    """The file at `path` shall be gone; only where source and target are the same folder."""

    path: PurePosixPath


Change = Put | Remove
