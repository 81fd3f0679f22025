"""The knowledge tables in the journal's database; they are made when it is opened."""

from __future__ import annotations

import sqlalchemy as sa

from orch_next.core.database import metadata

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# `number` keeps the order of arrival; `outcome_hash` makes saving twice harmless.
outcome_table = sa.Table(
    "work_outcomes",
    metadata,
    sa.Column("number", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("outcome_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("task_id", sa.String(255), nullable=False, index=True),
    sa.Column("operation_type", sa.String(255), nullable=False),
    sa.Column("script", sa.String(255), nullable=False, index=True),
    sa.Column("success", sa.Boolean, nullable=False),
    sa.Column("counts", sa.Boolean, nullable=False),
    sa.Column("execution_time_ms", sa.Float, nullable=False),
    sa.Column("error_message", sa.Text),
    sa.Column("files_modified", sa.JSON, nullable=False),
    sa.Column("ps1_parameters_used", sa.JSON, nullable=False),
    sa.Column("performance_metrics", sa.JSON, nullable=False),
    sa.Column("ts", sa.String(32), nullable=False, index=True),
    sa.Column("source", sa.String(16), nullable=False, index=True),
)
# What can be found: outcomes and journal entries; the words are in `search_words`.
document_table = sa.Table(
    "search_documents",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("ref", sa.String(255), nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("ts", sa.String(32), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.UniqueConstraint("source", "ref"),
)
# How far a table has been read; its row is the lock of whoever reads on.
mark_table = sa.Table(
    "knowledge_marks",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
# Each training adds a version; `learned` is plain JSON, so that loading one runs no code.
model_table = sa.Table(
    "learned_models",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("script", sa.String(255), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("data_from", sa.String(32), nullable=False),
    sa.Column("data_to", sa.String(32), nullable=False),
    sa.Column("samples", sa.Integer, nullable=False),
    sa.Column("epochs", sa.Integer, nullable=False),
    sa.Column("score", sa.JSON, nullable=False),
    sa.Column("learned", sa.JSON, nullable=False),
    sa.UniqueConstraint("script", "version"),
)
