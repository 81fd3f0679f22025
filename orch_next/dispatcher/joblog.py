"""Read an attempt's log from an offset, never cutting a character in two."""

from __future__ import annotations

import os
from pathlib import Path

MOST_BYTES = 65_536


def read_log(path: Path, offset: int) -> tuple[str, int]:
    """Return text from byte `offset` and the offset behind it; at most 64 KB at a time.

    A missing file reads as empty: nothing has been written yet.
    """
    try:
        with path.open("rb") as file:
            # File systems refuse offsets beyond their own limit.
            if offset >= os.fstat(file.fileno()).st_size:
                return "", offset
            file.seek(offset)
            data = file.read(MOST_BYTES)
    except FileNotFoundError:
        return "", offset
    whole = data[: len(data) - _cut_tail(data)]
    return whole.decode("utf-8", "replace"), offset + len(whole)


def _cut_tail(data: bytes) -> int:
    """Return how many last bytes begin a UTF-8 character that goes on behind the data."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            needs = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if needs > back else 0
        if byte < 0x80:
            return 0
    return 0
