"""What happened at the door, as the journal has it (contract 1.2, `/api/security/audit`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orch_next.clock import utc_micros
from orch_next.core.database import SECURITY, Database, journal_table

KIND = SECURITY


def list_security(database: Database, most: int) -> list[dict[str, Any]]:
    """Return the last events, newest first: action, user, timestamp, details; BusyError."""
    columns = journal_table.c
    shown = (columns.event, columns.record_id, columns.ts, columns.actor, columns.details)
    query = sa.select(*shown).where(columns.kind == KIND).order_by(columns.id.desc())
    with database.reading() as connection:
        rows = connection.execute(query.limit(most)).all()
    return [
        {"action": event, "user": user, "timestamp": ts, "details": {**details, "by": actor}}
        for event, user, ts, actor, details in rows
    ]


def count_events(database: Database, event: str, since: datetime) -> int:
    """Count the events of a name since a moment (aware); raise BusyError."""
    columns = journal_table.c
    same = (columns.event == event, columns.kind == KIND, columns.ts >= utc_micros(since))
    with database.reading() as connection:
        found = connection.scalar(sa.select(sa.func.count()).where(*same))
    return int(found or 0)
