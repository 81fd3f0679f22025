"""The table of approvals that the dispatcher asked for, each bound to a row and an artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from orch_next.core.database import Database, metadata
from orch_next.core.lease_store import DONE, FREE, Attempt, attempt_table, lease_table

OPEN = "open"
VOID = "void"

request_table = sa.Table(
    "approval_requests",
    metadata,
    sa.Column("appr_id", sa.String(64), primary_key=True),
    sa.Column("task_id", sa.String(255), nullable=False, index=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("core", sa.String(64), nullable=False),
    sa.Column("row_rev", sa.String(64), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64)),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("note", sa.Text, nullable=False),
)


@dataclass(frozen=True)
class Request:
    """One approval that we opened; `state` is open, approved, rejected, expired or void.

    `row_rev` is the task row's revision and `sha256` the artifact's, both as they were
    when we asked (None: there was no file to read).
    """

    appr_id: str
    task_id: str
    generation: int
    core: str
    row_rev: str
    evidence: str
    sha256: str | None
    state: str = OPEN
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what events and the journal say about the request."""
        return {
            "appr_id": self.appr_id,
            "job_id": self.task_id,
            "coreId": self.core,
            "generation": self.generation,
            "evidence": self.evidence,
            "sha256": self.sha256,
            "state": self.state,
            "note": self.note,
        }


class RequestStore:
    """Reads and changes the table; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, connection: sa.Connection, request: Request) -> None:
        """Store a request; one of that id whose row never reached the ledger is replaced."""
        same = request_table.c.appr_id == request.appr_id
        connection.execute(sa.delete(request_table).where(same))
        connection.execute(sa.insert(request_table).values(asdict(request)))

    def list_open(self) -> list[Request]:
        """List the requests that wait for a decision or for its effect."""
        return self._select(request_table.c.state == OPEN)

    def find(self, appr_id: str) -> Request | None:
        """Return the request of an approval, or None."""
        return next(iter(self._select(request_table.c.appr_id == appr_id)), None)

    def reopen(self, appr_id: str) -> None:
        """Let the next decision take effect: the last one was taken back."""
        row = sa.update(request_table).where(request_table.c.appr_id == appr_id)
        with self._database.transaction() as connection:
            connection.execute(row.values(state=OPEN, note=""))

    def newest(self, task_id: str) -> Request | None:
        """Return the task's last request, or None."""
        found = self._select(request_table.c.task_id == task_id)
        return max(found, key=_age, default=None)

    def unasked(self) -> list[Attempt]:
        """List finished attempts whose lease is free and for which no approval was opened."""
        columns = attempt_table.c
        asked = sa.exists().where(
            request_table.c.task_id == columns.task_id,
            request_table.c.generation == columns.generation,
            request_table.c.state != VOID,
        )
        last = sa.exists().where(
            lease_table.c.task_id == columns.task_id,
            lease_table.c.generation == columns.generation,
            lease_table.c.state == FREE,
        )
        query = sa.select(attempt_table).where(columns.outcome == DONE, last, ~asked)
        with self._database.reading() as connection:
            return [Attempt(**row) for row in connection.execute(query).mappings()]

    def change(self, request: Request, values: Mapping[str, Any]) -> bool:
        """Update the request if it is still open; tell whether it was."""
        row = sa.update(request_table).where(
            request_table.c.appr_id == request.appr_id, request_table.c.state == OPEN
        )
        with self._database.transaction() as connection:
            return bool(connection.execute(row.values(**values)).rowcount)

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Request]:
        query = sa.select(request_table).where(condition).order_by(request_table.c.appr_id)
        with self._database.reading() as connection:
            return [Request(**row) for row in connection.execute(query).mappings()]


def _age(request: Request) -> tuple[int, bool, bool, int, str]:
    # One generation may ask more than once: the request that replaced a void one is later.
    live = request.state != VOID
    return request.generation, request.state == OPEN, live, len(request.appr_id), request.appr_id
