"""The full-text index `search_words`: FTS5 on SQLite, tsvector on PostgreSQL, else LIKE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from orch_next.knowledge.tables import document_table

_ID = document_table.c.id
# Two first starts at once would collide in PostgreSQL: IF NOT EXISTS is no lock.
_PG_LOCK = 7262024


class WordIndex(Protocol):
    """One database's way to find phrases; words are those of `words.split_words`."""

    statements: Sequence[str]

    def add(self, connection: sa.Connection, number: int, words: Sequence[str]) -> None:
        """Index a new document."""

    def matching(self, phrases: Sequence[Sequence[str]]) -> sa.ColumnElement[bool]:
        """Return the condition on `search_documents` that every phrase is there."""


class FtsIndex:
    """SQLite's FTS5; its `ascii` tokenizer takes every character beyond ASCII as it is."""

    statements: Sequence[str] = (
        "CREATE VIRTUAL TABLE IF NOT EXISTS search_words USING fts5(words, tokenize='ascii')",
    )

    def add(self, connection: sa.Connection, number: int, words: Sequence[str]) -> None:
        """Index a new document."""
        text = "INSERT INTO search_words(rowid, words) VALUES (:id, :words)"
        connection.execute(sa.text(text), {"id": number, "words": " ".join(words)})

    def matching(self, phrases: Sequence[Sequence[str]]) -> sa.ColumnElement[bool]:
        """Return the condition on `search_documents` that every phrase is there."""
        wanted = " AND ".join(f'"{" ".join(phrase)}" *' for phrase in phrases)
        found = sa.text("SELECT rowid FROM search_words WHERE search_words MATCH :wanted")
        return _ID.in_(found.bindparams(wanted=wanted).columns(sa.column("rowid", sa.Integer)))


class TsvectorIndex:
    """PostgreSQL's tsvector with a GIN index, built from our words without its parser."""

    statements: Sequence[str] = (
        f"SELECT pg_advisory_xact_lock({_PG_LOCK})",
        "CREATE TABLE IF NOT EXISTS search_words(id bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX IF NOT EXISTS search_words_gin ON search_words USING gin(words)",
    )

    def add(self, connection: sa.Connection, number: int, words: Sequence[str]) -> None:
        """Index a new document."""
        vector = " ".join(f"'{word}':{place}" for place, word in enumerate(words, 1))
        text = "INSERT INTO search_words(id, words) VALUES (:id, CAST(:words AS tsvector))"
        connection.execute(sa.text(text), {"id": number, "words": vector})

    def matching(self, phrases: Sequence[Sequence[str]]) -> sa.ColumnElement[bool]:
        """Return the condition on `search_documents` that every phrase is there."""
        each = [" <-> ".join(f"'{word}'" for word in phrase) + ":*" for phrase in phrases]
        wanted = " & ".join(f"({one})" for one in each)
        found = sa.text("SELECT id FROM search_words WHERE words @@ CAST(:wanted AS tsquery)")
        return _ID.in_(found.bindparams(wanted=wanted).columns(sa.column("id", sa.BigInteger)))


class LikeIndex:
    """Any other database: the words as a line of text, looked through from end to end."""

    statements: Sequence[str] = (
        "CREATE TABLE IF NOT EXISTS search_words(id bigint PRIMARY KEY, words text NOT NULL)",
    )
    _table = sa.table("search_words", sa.column("id", sa.BigInteger), sa.column("words", sa.Text))

    def add(self, connection: sa.Connection, number: int, words: Sequence[str]) -> None:
        """Index a new document."""
        row: dict[str, Any] = {"id": number, "words": f" {' '.join(words)} "}
        connection.execute(sa.insert(self._table).values(row))

    def matching(self, phrases: Sequence[Sequence[str]]) -> sa.ColumnElement[bool]:
        """Return the condition on `search_documents` that every phrase is there."""
        line = self._table.c.words
        each = [line.contains(f" {' '.join(phrase)}", autoescape=True) for phrase in phrases]
        return _ID.in_(sa.select(self._table.c.id).where(*each))


def index_for(backend: str) -> WordIndex:
    """Return the index for a SQLAlchemy backend's name."""
    if backend == "sqlite":
        return FtsIndex()
    return TsvectorIndex() if backend == "postgresql" else LikeIndex()
