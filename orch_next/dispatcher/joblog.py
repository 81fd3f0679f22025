"""Read an attempt's log from an offset, never cutting a character in two."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from orch_next.core.encodings import decode_piece
from orch_next.core.lease_store import Attempt
from orch_next.errors import NotFoundError
from orch_next.regular import open_below

MOST_BYTES = 65_536


def read_attempt(root: Path, attempt: Attempt, offset: int) -> dict[str, Any]:
    """Return what clients see of an attempt's log; raise `NotFoundError` for what is no log."""
    try:
        text, end = read_log(root, Path(attempt.log), max(offset, 0))
    except OSError as error:
        raise NotFoundError(f"the log of {attempt.task_id!r} cannot be read") from error
    return {
        "job_id": attempt.task_id,
        "attempt": attempt.attempt,
        "offset": offset,
        "next_offset": end,
        "text": text,
        "ended": attempt.ended_at is not None,
    }


def read_log(root: Path, path: Path, offset: int) -> tuple[str, int]:
    """Return text from byte `offset` and the offset behind it; at most 64 KB at a time.

    Below `root` no link is followed. A missing file reads as empty: nothing has been
    written yet. Raise `OSError` for what is no regular file.
    """
    try:
        # A log of a tree that has moved since lies elsewhere.
        folder = root.absolute() if path.is_relative_to(root.absolute()) else path.parent
        with open_below(folder, path) as file:
            # File systems refuse offsets beyond their own limit.
            if offset >= os.fstat(file.fileno()).st_size:
                return "", offset
            file.seek(offset)
            data = file.read(MOST_BYTES)
    except FileNotFoundError:
        return "", offset
    text, length = decode_piece(data)
    return text, offset + length
