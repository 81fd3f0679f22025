"""Test tool: the saved installation of the version before the first numbered schema."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

SAVED = Path(__file__).parent / "data" / "installation-1"
# A minute after the last thing that happened there.
NOW = datetime(2025, 10, 9, 3, 5, 42, tzinfo=timezone.utc)
LATER = NOW + timedelta(seconds=30)
# What the legacy, or migrating from it, had put beside our tables.
OTHERS = ("audit_events", "legacy_alerts", "metrics")


def put_installation(folder: Path) -> Path:
    """Copy ledgers, configuration and files, without a database; return the MOC root."""
    root = Path(shutil.copytree(SAVED / "moc", folder / "MOC 日本"))
    (root / "data" / "secret.key").chmod(0o600)
    return root


def put_database(path: Path, dump: str = "orch.sql") -> None:
    """Build a SQLite database from a dump, in WAL mode as ours are."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript((SAVED / dump).read_text(encoding="utf-8"))
        db.execute("PRAGMA journal_mode=WAL")


def saved_facts(name: str = "facts.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAVED / name).read_text(encoding="utf-8"))
    return found


def table_rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table of a SQLite file, in order, without what SQLite hides."""
    # A look is not to leave files beside a database that nobody has open.
    is_open = path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.as_uri()}?mode=ro{'' if is_open else '&immutable=1'}"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [name for (name,) in db.execute(query)]
        return {
            name: sorted(db.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in names
            if not name.startswith(("sqlite_", "search_words_"))
        }


def without_reset(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Leave out the entry from which clients read everything again."""
    return [row for row in rows if "events_reset" not in row]
