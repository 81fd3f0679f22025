"""What `/audit/events` shows: journal, legacy table and log lines under nine keys (D20)."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from orch_next.clock import find_utc
from orch_next.core.database import LEDGER, SECURITY, Database, journal_table
from orch_next.core.history import newest_rows
from orch_next.core.logs import LogLine, read_log_lines
from orch_next.storage.engine import PUBLIC
from orch_next.storage.foreign import columns_by_table, reading

log = logging.getLogger(__name__)

MOST = 1000
MOST_BYTES = 4_000_000
LOG_TYPE = "approval_log"
LEGACY_TABLE = "audit_events"
# The legacy's writer and its reader disagreed about the names (D20, contract 6).
_LEGACY_NAMES = {
    "ts": ("ts", "timestamp"),
    "event": ("event", "event_type"),
    "actor": ("actor", "user_id"),
    "task_id": ("task_id",),
    "appr_id": ("appr_id",),
    "resource_type": ("resource_type",),
    "resource_id": ("resource_id",),
}
_LEAST = datetime.min.replace(tzinfo=timezone.utc)


def list_events(
    database: Database,
    folders: Sequence[Path],
    limit: int,
    type: str | None,
    before: int | None = None,
    *,
    with_security: bool = False,
) -> list[dict[str, Any]]:
    """Return at most `limit` (1..1000) events, newest first; BusyError and OSError pass.

    They have at most `MOST_BYTES` of details, but one of any size. With `before` only entries
    of the journal with a smaller id. Those of the door are for who may see the audit:
    `with_security`.
    """
    limit = max(1, min(limit, MOST))
    if before is not None:
        with database.reading() as connection:
            entries = _journal_events(connection, limit, type, with_security, before)
            return list(_within(entries))
    with database.reading() as connection:
        events = list(_within(_journal_events(connection, limit, type, with_security)))
        old = _imported_rows(connection, limit, type)
    if old is None:
        old = _rows_of_file(database.former, limit, type)
    events += [_legacy_event(-number, row) for number, row in enumerate(old, start=1)]
    if type in (None, LOG_TYPE):
        events += _log_events(read_log_lines(folders))
    events.sort(key=lambda event: find_utc(event["timestamp"].strip()) or _LEAST, reverse=True)
    return list(_within(events[:limit]))


def _within(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    size = 0
    for number, event in enumerate(events):
        size += len(event["details"].encode("utf-8", "surrogatepass"))
        if number and size > MOST_BYTES:
            return
        yield event


def _journal_events(
    connection: sa.Connection,
    limit: int,
    type: str | None,
    with_security: bool,
    before: int | None = None,
) -> Iterator[dict[str, Any]]:
    columns = journal_table.c
    query = sa.select(journal_table).where(columns.kind != LEDGER)
    if before is not None:
        query = query.where(columns.id < before)
    if not with_security:
        query = query.where(columns.kind != SECURITY)
    if type is not None:
        query = query.where(columns.event == type)
    for row in newest_rows(connection, query, limit):
        yield {
            "id": row["id"],
            "event_type": row["event"],
            "user_id": row["actor"],
            "resource_type": row["kind"],
            "resource_id": row["record_id"],
            "action": row["event"],
            "details": _as_text(_details(dict(row))),
            "timestamp": row["ts"],
            "ip_address": "",
        }


def _details(row: dict[str, Any]) -> dict[str, Any]:
    names = ("role", "source", "claimed", "before", "after", "rev_before", "rev_after")
    return {**{name: row[name] for name in names}, **row["details"], **_payload(row)}


def _payload(row: dict[str, Any]) -> dict[str, Any]:
    return {"payload_sha256": row["payload_sha256"]} if row["payload_sha256"] else {}


def _imported_rows(
    connection: sa.Connection, limit: int, type: str | None
) -> list[dict[str, Any]] | None:
    """Return the rows of the legacy's table in our database, None where there is none."""
    inspector = sa.inspect(connection)
    schema = None if inspector.has_table(LEGACY_TABLE) else _public(connection)
    if not inspector.has_table(LEGACY_TABLE, schema=schema):
        return None
    names = [column["name"] for column in inspector.get_columns(LEGACY_TABLE, schema=schema)]
    query = _query(names, limit, type, schema)
    return [] if query is None else [dict(row) for row in connection.execute(query).mappings()]


def _public(connection: sa.Connection) -> str | None:
    return PUBLIC if connection.dialect.name == "postgresql" else None


def _rows_of_file(former: Path | None, limit: int, type: str | None) -> list[dict[str, Any]]:
    """Return the rows of the legacy's own file, which is only read."""
    if former is None or not former.exists():
        return []
    try:
        with reading(former) as db:
            names = columns_by_table(db).get(LEGACY_TABLE, ())
            query = _query(names, limit, type, None)
            if query is None:
                return []
            bound = query.compile(dialect=sqlite.dialect(paramstyle="named"))
            rows = db.execute(str(bound), bound.params)
            return [dict(zip(names, row, strict=True)) for row in rows]
    except (sqlite3.Error, OSError) as error:
        log.warning("the legacy's audit events in %s cannot be read: %s", former, error)
        return []


def _query(
    names: Sequence[str], limit: int, type: str | None, schema: str | None
) -> sa.Select[Any] | None:
    used = _used(names)
    if not used["ts"] or not used["event"]:
        return None
    table = sa.table(LEGACY_TABLE, *(sa.column(name) for name in names), schema=schema)
    query = sa.select(table).order_by(table.c[used["ts"]].desc()).limit(limit)
    return query if type is None else query.where(table.c[used["event"]] == type)


def _used(names: Iterable[str]) -> dict[str, str]:
    return {key: next((n for n in known if n in names), "") for key, known in _LEGACY_NAMES.items()}


def _legacy_event(number: int, row: dict[str, Any]) -> dict[str, Any]:
    """Map a row; its id is negative, so that it is never one of the journal's."""
    known = {key: row[name] for key, name in _used(row).items() if name}
    task_id, appr_id = known.get("task_id") or "", known.get("appr_id") or ""
    kind = "task" if task_id else "approval"
    event = str(known["event"])
    return {
        "id": number,
        "event_type": event,
        "user_id": str(known.get("actor") or ""),
        "resource_type": str(known.get("resource_type") or kind),
        "resource_id": str(known.get("resource_id") or task_id or appr_id),
        "action": str(row.get("action") or event),
        "details": _as_text(row),
        "timestamp": str(known["ts"]),
        "ip_address": str(row.get("ip_address") or ""),
    }


def _log_events(lines: Iterable[LogLine]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        yield {
            "id": f"log_{number}",
            "event_type": LOG_TYPE,
            "user_id": "system",
            "resource_type": "approval",
            "resource_id": "",
            "action": "log_entry",
            "details": line.text,
            "timestamp": line.timestamp,
            "ip_address": "127.0.0.1",
        }


def _as_text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
