"""What `/audit/events` shows: journal, legacy table and log lines under nine keys (D20)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orch_next.core.database import Database, journal_table
from orch_next.core.history import newest_rows
from orch_next.core.logs import LogLine, read_log_lines

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
) -> list[dict[str, Any]]:
    """Return at most `limit` (1..1000) events, newest first; BusyError and OSError pass.

    They have at most `MOST_BYTES` of details, but one of any size. With `before` only entries
    of the journal with a smaller id.
    """
    limit = max(1, min(limit, MOST))
    if before is not None:
        with database.reading() as connection:
            return list(_within(_journal_events(connection, limit, type, before)))
    with database.reading() as connection:
        events = [
            *_within(_journal_events(connection, limit, type)),
            *_legacy_events(connection, limit, type),
        ]
    if type in (None, LOG_TYPE):
        events += _log_events(read_log_lines(folders))
    events.sort(key=lambda event: _moment(event["timestamp"]), reverse=True)
    return list(_within(events[:limit]))


def _within(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    size = 0
    for number, event in enumerate(events):
        size += len(event["details"].encode("utf-8", "surrogatepass"))
        if number and size > MOST_BYTES:
            return
        yield event


def _journal_events(
    connection: sa.Connection, limit: int, type: str | None, before: int | None = None
) -> Iterator[dict[str, Any]]:
    columns = journal_table.c
    query = sa.select(journal_table)
    if before is not None:
        query = query.where(columns.id < before)
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


def _legacy_events(
    connection: sa.Connection, limit: int, type: str | None
) -> Iterator[dict[str, Any]]:
    names = _legacy_columns(connection)
    used = {key: next((n for n in known if n in names), "") for key, known in _LEGACY_NAMES.items()}
    if not used["ts"] or not used["event"]:
        return
    table = sa.table(LEGACY_TABLE, *(sa.column(name) for name in names))
    query = sa.select(table).order_by(table.c[used["ts"]].desc()).limit(limit)
    if type is not None:
        query = query.where(table.c[used["event"]] == type)
    for number, row in enumerate(connection.execute(query).mappings(), start=1):
        yield _legacy_event(-number, dict(row), {k: row[n] for k, n in used.items() if n})


def _legacy_columns(connection: sa.Connection) -> list[str]:
    inspector = sa.inspect(connection)
    if not inspector.has_table(LEGACY_TABLE):
        return []
    return [column["name"] for column in inspector.get_columns(LEGACY_TABLE)]


def _legacy_event(number: int, row: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Map a row; its id is negative, so that it is never one of the journal's."""
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


def _moment(text: str) -> datetime:
    """Return the moment a text names, for sorting; what names none is the oldest."""
    try:
        found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return _LEAST
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
