"""Documents that can be found by their words: stored once, in the transaction of their source."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.core.database import SECURITY, Database, journal_table
from orch_next.knowledge.index import WordIndex, index_for
from orch_next.knowledge.tables import document_table, mark_table
from orch_next.knowledge.words import split_words

LONGEST_BODY = 20_000
JOURNAL = "journal"
_OF_THE_DOOR = sa.select(sa.cast(journal_table.c.id, sa.String(20))).where(
    journal_table.c.kind == SECURITY
)


@dataclass(frozen=True)
class Document:
    """One thing that can be found; `source` and `ref` name it, `ts` is UTC microseconds."""

    source: str
    ref: str
    task_id: str
    ts: str
    title: str
    body: str


class Library:
    """The documents of a database and their word index, made at the first use."""

    def __init__(self, database: Database, index: WordIndex | None = None) -> None:
        self._database = database
        self._index = index or index_for(database.url.get_backend_name())
        self._ready = False
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Give a writing connection; raise BusyError."""
        self.open()
        with self._database.transaction() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a reading connection; raise BusyError."""
        self.open()
        with self._database.reading() as connection:
            yield connection

    def open(self) -> None:
        """Make the word index; raise BusyError."""
        with self._lock:
            if self._ready:
                return
            with self._database.transaction() as connection:
                for statement in self._index.statements:
                    connection.execute(sa.text(statement))
            self._ready = True

    def add(self, connection: sa.Connection, document: Document) -> None:
        """Store a document and its words."""
        row = {**document.__dict__, "body": document.body[:LONGEST_BODY]}
        key = connection.execute(sa.insert(document_table).values(row)).inserted_primary_key
        words = split_words(f"{document.task_id} {row['title']} {row['body']}")
        self._index.add(connection, int(key[0]) if key else 0, words)

    def find(
        self,
        phrases: Sequence[Sequence[str]],
        limit: int,
        source: str | None = None,
        *,
        with_security: bool = False,
    ) -> list[Document]:
        """Return the newest documents that have every phrase; raise BusyError.

        The journal's entries of the door are for who may see the audit: `with_security`.
        """
        columns = document_table.c
        query = sa.select(document_table).where(self._index.matching(phrases))
        if not with_security:
            query = query.where(~sa.and_(columns.source == JOURNAL, columns.ref.in_(_OF_THE_DOOR)))
        if source is not None:
            query = query.where(columns.source == source)
        query = query.order_by(columns.ts.desc(), columns.id.desc()).limit(limit)
        with self.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Document(*(row[name] for name in Document.__annotations__)) for row in rows]


def take_mark(connection: sa.Connection, name: str) -> int:
    """Return how far `name` has been read, and keep others from reading on until we are done."""
    columns = mark_table.c
    held = sa.update(mark_table).where(columns.name == name).values(number=columns.number)
    if not connection.execute(held).rowcount:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(mark_table).values(name=name, number=0))
        except IntegrityError:
            connection.execute(held)
    return int(connection.scalar(sa.select(columns.number).where(columns.name == name)) or 0)


def set_mark(connection: sa.Connection, name: str, number: int) -> None:
    """Note how far `name` has been read."""
    row = sa.update(mark_table).where(mark_table.c.name == name)
    connection.execute(row.values(number=number))
