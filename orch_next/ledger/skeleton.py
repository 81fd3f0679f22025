"""Thin a text out to the lines that decide where its tables are; markdown-it-py is slow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from orch_next.ledger.scan import may_be_delimiter

# A link definition's title or label may swallow the lines below it.
_DEFINITION = re.compile(r"[ \t>*+.)\d-]*\[")
_DEFINED = re.compile(rf"(?:^\ufeff?|[\r\n]){_DEFINITION.pattern}")
_SHOWN = 3


def thin_out(texts: Sequence[str]) -> list[int]:
    """Return the indices of the lines to parse.

    In a run of lines that start with `|` only a few can begin or end a block: the first
    three, the last, a delimiter row with the line before it, and around a `>` that may
    end raw HTML. The block of any other line is that of the line above it.
    """
    piped = [text[:1] == "|" for text in texts]
    html = any("<" in text for text, pipe in zip(texts, piped, strict=True) if not pipe)
    kept: list[int] = []
    whole = False
    for pipe, group in groupby(range(len(texts)), key=piped.__getitem__):
        run = list(group)
        if pipe:
            kept += run if whole else _thin_run(texts, run, html)
        else:
            kept += run
            whole = _definition_open([texts[index] for index in run], whole)
    return kept


def may_define(text: str) -> bool:
    """Tell whether any line may begin a link definition, which may swallow a table."""
    return "[" in text and _DEFINED.search(text) is not None


def _definition_open(texts: Sequence[str], before: bool) -> bool:
    for text in texts:
        if not text.strip(" \t"):
            before = False
        elif _DEFINITION.match(text):
            before = True
    return before


def _thin_run(texts: Sequence[str], run: list[int], html: bool) -> list[int]:
    first, last = run[0], run[-1]
    kept = {*run[:_SHOWN], last}
    for index in run:
        if may_be_delimiter(texts[index]):
            kept |= {index - 1, index}
        elif html and ">" in texts[index]:
            kept |= {index, index + 1}
    return sorted(index for index in kept if first <= index <= last)
