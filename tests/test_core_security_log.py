from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from orch_next.clock import utc_micros
from orch_next.core.database import Database, journal_table
from orch_next.core.security_log import KIND, count_events, list_security
from orch_next.errors import BusyError

AT = datetime(2025, 10, 9, 8, 22, 18, tzinfo=timezone.utc)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'orch.db'}")


def note(database: Database, number: int, event: str, kind: str = KIND) -> None:
    values = {
        "uid": f"{number:032}",
        "ts": utc_micros(AT + timedelta(seconds=number)),
        **{"actor": "管理", "role": "CMD", "event": event, "kind": kind},
        **{"record_id": f"者{number}", "task_id": "", "appr_id": "", "source": "http"},
        **{"payload_sha256": "", "claimed": False, "details": {"from": "127.0.0.1"}},
    }
    names = {column.name for column in journal_table.c}
    given = {name: value for name, value in values.items() if name in names}
    with database.transaction() as connection:
        connection.execute(sa.insert(journal_table).values(given))


def test_the_last_events_come_newest_first_and_no_others(database: Database) -> None:
    for number in range(4):
        note(database, number, "login_failed", kind="task" if number == 2 else KIND)
    assert list_security(database, 2) == [
        {
            "action": "login_failed",
            "user": f"者{number}",
            "timestamp": utc_micros(AT + timedelta(seconds=number)),
            "details": {"from": "127.0.0.1", "by": "管理"},
        }
        for number in (3, 1)
    ]
    assert list_security(database, 0) == []


def test_events_of_a_name_are_counted_from_a_moment_on(database: Database) -> None:
    for number, event in enumerate(["login_failed", "login", "login_failed"]):
        note(database, number, event)
    note(database, 9, "login_failed", kind="task")
    counts = [count_events(database, "login_failed", AT + timedelta(seconds=s)) for s in range(4)]
    assert counts == [2, 1, 1, 0]
    assert count_events(database, "無い", AT) == 0


def test_a_database_that_is_away_is_busy(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    away = Database(f"sqlite:///{tmp_path / 'file' / 'orch.db'}")
    with pytest.raises(BusyError):
        list_security(away, 1)
    with pytest.raises(BusyError):
        count_events(away, "login", AT)
