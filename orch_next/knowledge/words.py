"""Cut text into words that every database can index, Japanese too.

A run of letters and digits without CJK is one word. A CJK run becomes its overlapping
pairs and its last character: 承認待ち -> 承認 認待 待ち ち. A phrase of pairs then finds any
part of a run, also one character, where SQLite's trigrams need three.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from orch_next.bounded import kept_by_text

# PostgreSQL's tsvector has positions up to 16,383.
MOST_WORDS = 16_000
LONGEST_WORD = 200
_MOST_TERMS = 16
_KNOWN, _KNOWN_CHARACTERS = 16_384, 8_000_000
_CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"([{_CJK}]+)|((?:(?![{_CJK}_])\w)+)")


def split_words(text: str) -> list[str]:
    """Return the words of a document, at most 16,000."""
    return _words(text, is_query=False)[:MOST_WORDS]


def split_query(text: str) -> list[list[str]]:
    """Return one phrase per blank-separated part; the last word of each is a beginning."""
    phrases = [_words(part, is_query=True) for part in plain(text).split()]
    return [phrase for phrase in phrases if phrase][:_MOST_TERMS]


def plain(text: str) -> str:
    """Return text as it is compared: full width and half width alike, without case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@kept_by_text(_KNOWN, _KNOWN_CHARACTERS)
def as_line(text: str) -> str:
    """Return a document's words between spaces."""
    return f" {' '.join(split_words(text))} "


def finds(phrases: list[list[str]], text: str) -> bool:
    """Tell whether a text has every phrase, by the same rule as the databases."""
    line = as_line(text)
    return all(f" {' '.join(phrase)}" in line for phrase in phrases)


def _words(text: str, *, is_query: bool) -> list[str]:
    runs = list(_RUN.finditer(plain(text)))
    found: list[str] = []
    for run in runs:
        if run[1]:
            found += _pairs(run[1], open_end=is_query and run is runs[-1])
        else:
            found.append(run[2][:LONGEST_WORD])
    return found


def _pairs(run: str, *, open_end: bool) -> Iterator[str]:
    """Yield the pairs of a CJK run, then its last character unless more may follow it."""
    yield from (run[at : at + 2] for at in range(len(run) - 1))
    if len(run) == 1 or not open_end:
        yield run[-1]
