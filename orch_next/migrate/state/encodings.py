"""Ledgers that a Windows program wrote in another encoding than UTF-8."""

from __future__ import annotations

import codecs
from typing import Any

from orch_next.core.schema import LedgerKind
from orch_next.ledger.parser import parse

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_ledger(kind: LedgerKind[Any], data: bytes) -> tuple[str, str] | None:
    """Return the text and the encoding: UTF-8, UTF-16 with its mark, or CP932; None for others.

    CP932 decodes nearly anything, so it counts only where it gives the ledger's table.
    """
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        if data.startswith(_UTF16):
            return data.decode("utf-16"), "utf-16"
        text = data.decode("cp932")
    except UnicodeDecodeError:
        return None
    return (text, "cp932") if _has_ledger(kind, text) else None


def _has_ledger(kind: LedgerKind[Any], text: str) -> bool:
    return any(kind.match(table.names) is not None for table in parse(text).tables)
