"""Read an attempt's log from an offset, never cutting a character in two."""

from __future__ import annotations

from pathlib import Path

from orch_next.core.encodings import decode_piece
from orch_next.regular import open_below

MOST_BYTES = 65_536


def read_log(root: Path, path: Path, offset: int) -> tuple[str, int]:
    """Return text from byte `offset` and the offset behind it; at most 64 KB at a time.

    Below `root` no link is followed. A missing file reads as empty: nothing has been
    written yet. Raise `OSError` for what is no regular file.
    """
    try:
        # A log of a tree that has moved since lies elsewhere.
        folder = root.absolute() if path.is_relative_to(root.absolute()) else path.parent
        with open_below(folder, path) as file:
            file.seek(offset)
            data = file.read(MOST_BYTES)
    except FileNotFoundError:
        return "", offset
    text, length = decode_piece(data)
    return text, offset + length
