"""Find what a ledger file says of records besides their rows, and says otherwise.

Summaries, hand-kept lists and old headings repeat a record's status. The row alone counts
(contract 3.5); whoever reads the file should know where the rest of it is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from orch_next.core.dialects.bullets import read_bullets
from orch_next.core.kinds import APPROVAL, TASK, TASK_STATUSES
from orch_next.core.kinds import LedgerKind as Kind
from orch_next.core.schema import Snapshot
from orch_next.ledger import scan
from orch_next.ledger.parser import Problem

CODE = "text-disagrees"
# Headers that name a record, the clearest first, and headers that tell its status.
_IDS = ("appr_id", "承認id", "ms_id", "task_id", "タスクid", "id")
_STATUSES = ("status", "state", "ステータス", "状態")
_MARKS = "*`_~[]（）()「」"
# `- **003**: READY`, `1. [x] 003 title (READY)`, `- 003: owner=WORK`.
_ITEM = re.compile(r"\s*(?:[-+*]|\d+[.)])\s+(?:\[[ xX]\]\s+)?[*`_]*([^\s:：*`~()（）\[\]|]+)(.*)")
_ARROW = re.compile(r"→|⇒|[-=]>")
_WORD = re.compile(r"[A-Za-z]+\Z")
_LONGEST = 16  # letters of the longest status, with room
_BEFORE = (*":：=（([「-–—,、",)


Lines = Sequence[tuple[int, str]]


class Said(NamedTuple):
    """One place that tells a record's status: its line, the record's id, the word."""

    line: int
    key: str
    word: str


class Row(NamedTuple):
    """A record's status in its row, and the words that tell one of its kind."""

    status: str
    words: tuple[str, ...]


def find_disagreements(
    kind: Kind[Any], text: str, snapshots: Iterable[Snapshot[Any]]
) -> Iterator[Problem]:
    """Warn of each place of a ledger's text that gives a record another status than its row.

    Only a record's own id with a word of the contract's (3.3) counts, so that prose about
    statuses is left alone. A file that is damaged or missing has no rows to compare with.
    """
    rows = _rows_of(snapshots)
    if not rows:
        return
    lines = list(scan.outside_fences(scan.split_lines(text).texts))
    for said in sorted({*_in_tables(kind, lines), *_in_lists(lines, rows), *_in_headings(text)}):
        row = rows.get(said.key)
        if row and said.word in row.words and said.word.casefold() != row.status.casefold():
            message = f"the text gives {said.key} the status {said.word}, its row {row.status}"
            yield Problem(CODE, "warning", message, said.line, kind.file_name, said.key)


def _rows_of(snapshots: Iterable[Snapshot[Any]]) -> Mapping[str, Row]:
    """Return the rows by id; of an id that stands twice nobody can tell which is meant."""
    rows: dict[str, Row] = {}
    twice: set[str] = set()
    for snapshot in snapshots:
        if snapshot.missing or snapshot.damage or snapshot.stale:
            continue
        words = snapshot.kind.statuses or TASK_STATUSES
        for record in snapshot.records:
            twice |= {record.key} & rows.keys()
            if not getattr(record, "read_only", False):
                rows[record.key] = Row(record.status, words)
    return {key: row for key, row in rows.items() if key not in twice}


def _in_tables(kind: Kind[Any], lines: Lines) -> Iterator[Said]:
    """Read the tables that are no ledger: one column names the record, one its status."""
    places: tuple[int, int] | None = None
    before = ""
    for number, line in lines:
        if scan.has_pipe(before) and scan.is_delimiter(line):
            places = _places(kind, scan.cut_values(before))
        elif not scan.has_pipe(line):
            places = None
        elif places:
            values = [value.strip(_MARKS) for value in scan.cut_values(line)]
            if max(places) < len(values):
                yield Said(number, values[places[0]], values[places[1]])
        before = line


def _places(kind: Kind[Any], names: list[str]) -> tuple[int, int] | None:
    """Return where id and status stand; None for the ledger's own table and for others."""
    lowered = [name.strip(_MARKS).lower().replace(" ", "") for name in names]
    key = next((lowered.index(name) for name in _IDS if name in lowered), None)
    status = next((lowered.index(name) for name in _STATUSES if name in lowered), None)
    if key is None or status is None or kind.match(names) is not None:
        return None
    return key, status


def _in_lists(lines: Lines, rows: Mapping[str, Row]) -> Iterator[Said]:
    """Read the items that begin with a known id and end in a status."""
    for number, line in lines:
        item = _ITEM.fullmatch(line)
        if item and (key := item[1].rstrip("_")) in rows and (word := _told_last(item[2])):
            yield Said(number, key, word)


def _told_last(text: str) -> str:
    """Return the status that ends an item, behind a separator; "" for `PLAN → READY` and prose."""
    if _ARROW.search(text):
        return ""
    trimmed = text.rstrip(_MARKS + scan.BLANKS + ".。")
    word = _WORD.search(trimmed[-_LONGEST:])
    if word is None:
        return ""
    before = trimmed[: -len(word[0])].rstrip("*`_~" + scan.BLANKS)
    return word[0] if not before or before.endswith(_BEFORE) else ""


def _in_headings(text: str) -> Iterator[Said]:
    """Read the heading-and-bullets dialect, which gives way to a row with the same id."""
    for task in read_bullets(TASK, text):
        yield Said(task.line, task.id, task.status)
    for approval in read_bullets(APPROVAL, text):
        yield Said(approval.line, approval.appr_id, approval.status)
