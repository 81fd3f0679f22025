"""Test tool: SQLite files of the legacy's known schemas (contract 5.3, 5.4, 6)."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

Rows = Iterable[Sequence[Any]]

ORCH_TABLES = """
CREATE TABLE audit_events (ts TEXT, actor TEXT, role TEXT, event TEXT, task_id TEXT, appr_id TEXT,
                           payload_sha256 TEXT);
CREATE TABLE idempotency_keys (key TEXT PRIMARY KEY, ts TEXT, ttl INTEGER DEFAULT 86400);
CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT, status TEXT, priority INTEGER, owner TEXT,
                    created_at TEXT, updated_at TEXT, due_date TEXT, lock_owner TEXT,
                    lock_expires_at TEXT, artifact TEXT, notes TEXT);
CREATE TABLE locks (lock_id TEXT PRIMARY KEY, resource TEXT, owner TEXT, priority INTEGER,
                    acquired_at TEXT, expires_at TEXT, metadata TEXT);
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT, value REAL,
                      labels TEXT, timestamp TEXT);
CREATE TABLE events (event_id TEXT PRIMARY KEY, task_id TEXT, event_type TEXT, timestamp TEXT,
                     data TEXT);
CREATE TABLE alerts (alert_id TEXT PRIMARY KEY, level TEXT, message TEXT);
CREATE TABLE factory_lines (line TEXT, 稼働率 REAL, photo BLOB);
CREATE INDEX ix_lines ON factory_lines(line);
"""
PHASE3_TABLES = """
CREATE TABLE audit_events (ts TEXT, actor TEXT, role TEXT, event TEXT, task_id TEXT, appr_id TEXT,
                           payload_sha256 TEXT, idem_key TEXT, PRIMARY KEY (ts, event));
"""
LOCKS_TABLES = """
CREATE TABLE locks (lock_id TEXT PRIMARY KEY, resource TEXT, owner TEXT, priority INTEGER,
                    acquired_at TEXT, expires_at TEXT, metadata TEXT, created_at TEXT);
CREATE TABLE lock_queue (queue_id TEXT PRIMARY KEY, resource TEXT, owner TEXT, priority INTEGER,
                         requested_at TEXT, ttl_seconds INTEGER, metadata TEXT);
CREATE TABLE lock_history (history_id TEXT PRIMARY KEY, resource TEXT, owner TEXT, action TEXT,
                           timestamp TEXT, duration_seconds REAL, metadata TEXT);
"""
KNOWLEDGE_TABLES = """
CREATE TABLE work_outcomes (task_id TEXT, operation_type TEXT, success INTEGER,
                            execution_time_ms REAL, error_message TEXT, files_modified TEXT,
                            ps1_parameters_used TEXT, performance_metrics TEXT, timestamp TEXT,
                            outcome_hash TEXT);
CREATE TABLE ps1_parameters (parameter_set_id TEXT PRIMARY KEY, timeout_ms INTEGER,
                             retry_count INTEGER, batch_size INTEGER, memory_limit_mb INTEGER,
                             success_rate REAL, avg_execution_time_ms REAL);
CREATE TABLE learning_metrics (id INTEGER PRIMARY KEY, name TEXT, value REAL, timestamp TEXT);
"""
# Only the names of these tables are known; the columns are what such tables would have.
NAMED_TABLES = {
    "quality_metrics.db": ("quality_metrics", "resource_metrics"),
    "automation.db": ("approval_history", "rule_applications"),
    "self_healing.db": ("health_metrics", "alerts", "recovery_log"),
    "security.db": ("jwt_tokens", "rate_limit_records", "security_events"),
}
USERS = """
CREATE TABLE users (username TEXT PRIMARY KEY, password_hash TEXT, role TEXT, created_at TEXT);
INSERT INTO users VALUES ('監査', 'fabricated-password-hash', 'AUDIT', '2025-10-01T00:00:00');
"""
AUDIT = (
    ("2025-10-06T10:00:00Z", "WORK", "WORK", "task_promoted", "001", "", "0" * 64),
    ("2025-10-06T10:05:00Z", "監査", "AUDIT", "approval_approved", "", "A001", "1" * 64),
    ("2025-10-07T00:00:00Z", "CMD", "CMD", "webhook", "003", "", "2" * 64),
)
OUTCOMES = 24


def build_databases(data: Path, *, megabytes: int = 0) -> None:
    """Fill `data` with databases; `megabytes` pads `orch.db`, whose last rows are in its WAL."""
    data.mkdir(parents=True, exist_ok=True)
    _build_orch(data / "orch.db", megabytes)
    _build(data / "audit_phase3.db", PHASE3_TABLES, {"audit_events": _phase3_audit()})
    _build(data / "locks.db", LOCKS_TABLES, _lock_rows())
    _build(data / "knowledge.db", KNOWLEDGE_TABLES, _knowledge_rows())
    for name, tables in NAMED_TABLES.items():
        _build(data / name, *_named(tables), more=USERS if name == "security.db" else "")
    (data / "broken.db").write_bytes(b"SQLite format 3\0" + b"\x00\xff" * 1000)


def outcome_row(number: int) -> tuple[Any, ...]:
    """Return one legacy work outcome; every fifth run failed."""
    failed = number % 5 == 4
    parameters = {
        "script_name": "sync.ps1",
        "timeout_ms": 30_000 + 1_000 * (number % 3),
        "retry_count": number % 4,
        "batch_size": 10 + number % 5,
        "memory_limit_mb": 512,
    }
    return (
        f"{number % 7 + 1:03}",
        "powershell",
        int(not failed),
        900.0 + 10 * number,
        "承認待ちで時間切れ" if failed else None,
        json.dumps([f"C:\\作業\\{number}.md"], ensure_ascii=False),
        json.dumps(parameters),
        json.dumps({"items": number % 3 + 1}),
        f"2025-10-{number % 9 + 1:02}T{number % 24:02}:30:00.123456",
        f"{number:064x}",
    )


def _knowledge_rows() -> dict[str, Rows]:
    return {
        "work_outcomes": [outcome_row(number) for number in range(OUTCOMES)],
        "ps1_parameters": [("P1", 30_000, 2, 10, 512, 0.8, 950.0)],
        "learning_metrics": [(1, "accuracy", 0.81, "2025-10-08T00:00:00")],
    }


def _lock_rows() -> dict[str, Rows]:
    stamp = "2025-10-07T00:00:00"
    return {
        "locks": [("L1", "task:003", "WORK", 2, stamp, "2025-10-07T00:30:00", "{}", stamp)],
        "lock_queue": [("Q1", "task:003", "CMD", 3, stamp, 300, None)],
        "lock_history": [("H1", "task:002", "CMD", "released", stamp, 12.5, None)],
    }


def _phase3_audit() -> Rows:
    shared = (*AUDIT[2], "idem-3")
    return [shared, ("2025-10-08T00:00:00Z", "CMD", "CMD", "webhook", "001", "", "3" * 64, None)]


def _named(tables: Sequence[str]) -> tuple[str, dict[str, Rows]]:
    columns = "(id INTEGER PRIMARY KEY, name TEXT, value REAL, details TEXT, timestamp TEXT)"
    schema = "".join(f"CREATE TABLE {name} {columns};" for name in tables)
    rows = [(n, f"項目{n}", n / 4, '{"ok": true}', f"2025-10-08T0{n}:00:00") for n in range(1, 4)]
    return schema, {name: rows for name in tables}


def _build_orch(path: Path, megabytes: int) -> None:
    """Leave the last audit row and the dispatcher's tables' last rows in the WAL only."""
    draft = path.with_name("draft.sqlite")
    with closing(_connect(draft)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.executescript(ORCH_TABLES)
        _fill(db, {"audit_events": AUDIT[:2], "events": _padding(megabytes)})
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _fill(db, {**_orch_rows(), "audit_events": AUDIT[2:]})
        shutil.copyfile(draft, path)
        shutil.copyfile(f"{draft}-wal", f"{path}-wal")
    draft.unlink()


def _orch_rows() -> dict[str, Rows]:
    task = ("003", "比較", "doing", 2, "WORK", "2025-10-06T00:00:00", "2025-10-07T00:00:00")
    lock = ("2025-10-07T00:00:00", "2025-10-07T00:30:00", None)
    return {
        "idempotency_keys": [("hook-1", "2025-10-07T00:00:00Z", 86_400)],
        "tasks": [(*task, None, "WORK_AI_01", "2025-10-07T00:30:00", None, "メモ")],
        "locks": [("L1", "dispatcher_WORK_AI_01", "WORK_AI_01", 2, *lock)],
        "metrics": [(1, "tasks_dispatched_total", 5.0, '{"core": "WORK_AI_01"}', lock[0])],
        # this name is one of ours, with other columns
        "alerts": [("AL1", "high", "CPU が高い")],
        "factory_lines": [("第一", 0.93, b"\x00\xff\x10"), ("第二", None, None)],
    }


def _padding(megabytes: int) -> Rows:
    stamp = "2025-10-07T00:00:00"
    first = [("E1", "003", "task_update", stamp, '{"状態": "doing"}')]
    body = "記録" * 1700  # about 10 KiB in UTF-8
    more = ((f"P{n}", "003", "task_update", stamp, body) for n in range(megabytes * 102))
    yield from first
    yield from more


def _build(path: Path, schema: str, rows: dict[str, Rows], more: str = "") -> None:
    with closing(_connect(path)) as db:
        db.executescript(schema + more)
        _fill(db, rows)


def _fill(db: sqlite3.Connection, tables: dict[str, Rows]) -> None:
    for table, rows in tables.items():
        width = len(db.execute(f"PRAGMA table_info({table})").fetchall())
        db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * width)})", rows)
    db.commit()


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous=OFF")
    return db
