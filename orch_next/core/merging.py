"""Merge three versions of a ledger file by record and cell (docs/ledger.md, Merging)."""

from __future__ import annotations

import re

from orch_next.core.kinds import KINDS
from orch_next.core.reading import read_ledger
from orch_next.ledger.merge_side import Key
from orch_next.ledger.merge_text import Labels, Merged, merge_texts
from orch_next.ledger.parser import Document

__all__ = ["Labels", "Merged", "merge_ledger"]

# Bytes that are not UTF-8 go through unchanged.
_LOSSLESS = "surrogateescape"
_BROKEN = re.compile("[\ud800-\udfff]")


def merge_ledger(
    base: bytes, ours: bytes, theirs: bytes, labels: Labels | None = None
) -> tuple[bytes, Merged]:
    """Return the merged bytes, and what the merge has to tell."""
    was, mine, other = (data.decode("utf-8", _LOSSLESS) for data in (base, ours, theirs))
    merged = merge_texts(was, mine, other, find_records, labels)
    return merged.text.encode("utf-8", _LOSSLESS), merged


def find_records(document: Document) -> dict[int, Key]:
    """Return the lines that are records of any ledger, each with its id."""
    if _BROKEN.search(document.text):
        return {}
    return {
        entry.row.line: f"{kind.name} {entry.record.key}"
        for kind in KINDS
        for entry in read_ledger(kind, document).entries
        if entry.row is not None
    }
