"""Full-text search over outcomes, the journal and the notes of tasks, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from orch_next.core.database import LEDGER, journal_table
from orch_next.core.records import Task
from orch_next.errors import InputError
from orch_next.knowledge.documents import JOURNAL, Document, Library, set_mark, take_mark
from orch_next.knowledge.tables import document_table
from orch_next.knowledge.words import finds, plain, split_query

SOURCES = ("task", "outcome", "journal")
LONGEST_QUERY = 200
_MARK = JOURNAL
_BATCH = 500
BATCHES = 10
# Ids may become visible out of order: look again at those before the mark.
_OVERLAP = 100
_EXCERPT = 160


@dataclass(frozen=True)
class Found:
    """The documents that fit; `complete` is False while old journal entries wait for reading."""

    documents: list[Document]
    complete: bool


class Search:
    """Finds text; it reads on in the journal before it looks, at most `batches` of 500 entries."""

    def __init__(self, library: Library, *, batches: int = BATCHES) -> None:
        self._library, self._batches = library, batches

    def find(
        self,
        query: str,
        tasks: Sequence[Task],
        limit: int = 50,
        source: str | None = None,
        *,
        with_security: bool = False,
    ) -> Found:
        """Return what has every word of the query, tasks first; raise InputError, BusyError."""
        phrases = split_query(query)
        if not phrases or len(query) > LONGEST_QUERY:
            raise InputError(f"q must have 1 to {LONGEST_QUERY} characters, letters among them")
        if source not in (None, *SOURCES):
            raise InputError(f"source must be one of {', '.join(SOURCES)}")
        complete = self.catch_up()
        found = [] if source not in (None, "task") else _in_notes(phrases, tasks)[:limit]
        if source != "task" and len(found) < limit:
            room = limit - len(found)
            found += self._library.find(phrases, room, source, with_security=with_security)
        return Found(found, complete)

    def catch_up(self) -> bool:
        """Index journal entries that are new; tell whether that was all."""
        return any(self._read_batch() < _BATCH for _ in range(self._batches))

    def _read_batch(self) -> int:
        if not self._has_news():
            return 0
        columns = journal_table.c
        with self._library.transaction() as connection:
            mark = take_mark(connection, _MARK)
            known = _known_refs(connection, mark)
            query = sa.select(journal_table).where(columns.kind != LEDGER)
            query = query.where(columns.id > mark - _OVERLAP)
            query = query.order_by(columns.id).limit(_BATCH + _OVERLAP)
            rows = [dict(row) for row in connection.execute(query).mappings()]
            for row in rows:
                if str(row["id"]) not in known:
                    self._library.add(connection, _as_document(row))
            if rows:
                set_mark(connection, _MARK, max(mark, rows[-1]["id"]))
        return max(0, len(rows) - _OVERLAP) if rows else 0

    def _has_news(self) -> bool:
        refs = sa.select(sa.func.count()).where(document_table.c.source == _MARK)
        shown = journal_table.c.kind != LEDGER
        entries = sa.select(sa.func.count()).select_from(journal_table).where(shown)
        with self._library.reading() as connection:
            return bool(connection.scalar(refs) != connection.scalar(entries))


def excerpt(document: Document, query: str) -> str:
    """Return at most 160 characters of the body around the first word that was asked for."""
    text = " ".join(document.body.split())
    folded = plain(text)
    places = [folded.find(part) for part in plain(query).split()]
    first = min((place for place in places if place >= 0), default=0)
    start = max(0, min(first, len(text)) - _EXCERPT // 4)
    cut = text[start : start + _EXCERPT]
    return f"{'…' if start else ''}{cut}{'…' if start + _EXCERPT < len(text) else ''}"


def _in_notes(phrases: list[list[str]], tasks: Sequence[Task]) -> list[Document]:
    found = [task for task in tasks if finds(phrases, f"{task.id} {task.title}\n{task.notes}")]
    return [Document("task", one.id, one.id, "", one.title, one.notes) for one in found]


def _known_refs(connection: sa.Connection, mark: int) -> set[str]:
    near = [str(number) for number in range(max(1, mark - _OVERLAP), mark + 1)]
    columns = document_table.c
    query = sa.select(columns.ref).where(columns.source == _MARK, columns.ref.in_(near))
    return set(connection.scalars(query))


def _as_document(row: Mapping[str, Any]) -> Document:
    before, after = row["before"] or {}, row["after"]
    shown = before if after is None else after
    changed = {k: v for k, v in shown.items() if after is None or before.get(k) != v}
    words = [f"{name}: {value}" for name, value in {**changed, **row["details"]}.items() if value]
    return Document(
        _MARK,
        str(row["id"]),
        row["task_id"],
        row["ts"],
        f"{row['event']} {row['record_id']} ({row['actor']})",
        "\n".join(words),
    )
