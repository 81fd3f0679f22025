"""The journal's own tables, and the database that all rooms share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from orch_next.storage.database import Database, is_sqlite_file, metadata, storable_text

__all__ = ["Database", "is_sqlite_file", "metadata", "storable_text"]

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_JSON = sa.JSON(none_as_null=True)

# Entries of a whole file, which clients hear of live and no list shows.
LEDGER = "ledger"

# Surrogate id, because (ts, event) collided (D24); `uid` makes a repeated insert harmless.
# Entries of what happened at the door: for who may see the audit, in every query.
SECURITY = "security"

journal_table = sa.Table(
    "journal",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("uid", sa.String(32), nullable=False, unique=True),
    sa.Column("ts", sa.String(32), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("event", sa.String(64), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("appr_id", sa.Text, nullable=False),
    sa.Column("before", _JSON),
    sa.Column("after", _JSON),
    sa.Column("rev_before", sa.String(64)),
    sa.Column("rev_after", sa.String(64), index=True),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("claimed", sa.Boolean, nullable=False),
    sa.Column("details", _JSON, nullable=False),
    sa.Column("payload_sha256", sa.String(64), nullable=False),
)
# An id may be longer than an index entry can be; its beginning is enough to find it.
INDEXED = 100


def record_prefix(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return the part of a record's id that the journal is indexed by."""
    # Literals: a planner does not match an index on an expression with parameters.
    first: sa.ColumnElement[Any] = sa.literal_column("1")
    size: sa.ColumnElement[Any] = sa.literal_column(str(INDEXED))
    return sa.func.substr(column, first, size, type_=sa.Text)


sa.Index(
    "ix_journal_record",
    journal_table.c.kind,
    record_prefix(journal_table.c.record_id),
    journal_table.c.id,
)
# Where the database has nothing better, the lock of one row: see `take_turn`.
turn_table = sa.Table("journal_turn", metadata, sa.Column("id", sa.Integer, primary_key=True))
# The revision of every row of a kind, as the journal had it at the entry `at`.
checkpoint_table = sa.Table(
    "ledger_checkpoints",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("revisions", _JSON, nullable=False),
)
marks_table = sa.Table(
    "high_water",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("prefix", sa.String(200), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
claims_table = sa.Table(
    "idempotency",
    metadata,
    sa.Column("scope", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("payload_sha256", sa.String(64), nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("answer", _JSON),
    sa.Column("created_at", sa.String(32), nullable=False, index=True),
)
