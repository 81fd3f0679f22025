from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from orch_next.core.database import Database, journal_table
from orch_next.core.events import OUTSIDE, Change, Who
from orch_next.core.history import list_entries
from orch_next.core.journal import Journal
from orch_next.core.series import Series
from orch_next.errors import BusyError, ConfigError
from tests.ledger_disks import UnconfirmedDisk
from tests.postgresql import postgresql

__all__ = ["postgresql"]

AT = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
PROMOTED = Change(
    kind="task",
    event="task_promoted",
    record_id="010",
    before={"id": "010", "title": "統合|試験", "status": "PLAN"},
    after={"id": "010", "title": "統合|試験", "status": "READY"},
    rev_before="a" * 16,
    rev_after="b" * 16,
    at=AT,
    who=Who("田中", "CMD", "cli", claimed=False),
    details={"パス": r"C:\作業"},
    payload_sha256="c" * 64,
)
EDITED = replace(PROMOTED, event="task_updated", who=OUTSIDE, details={}, payload_sha256="")
DECIDED = replace(
    PROMOTED, kind="approval", event="approval_decided", record_id="A1", after={"task_id": "010"}
)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Journal]:
    return lambda: journal_at(f"sqlite:///{tmp_path / 'data' / 'orch.db'}", tmp_path)


def journal_at(url: str, folder: Path) -> Journal:
    return Journal(url, now=lambda: AT, spool=folder / "spool" / "pending.jsonl")


def rows(journal: Journal) -> list[dict[str, object]]:
    with journal.database.reading() as connection:
        found = connection.execute(sa.select(journal_table).order_by(journal_table.c.id))
        return [dict(row) for row in found.mappings()]


def told(journal: Journal) -> list[tuple[str, str]]:
    return [(str(row["event"]), str(row["rev_after"])) for row in rows(journal)]


def test_nothing_is_made_before_the_first_use(make: Callable[[], Journal], tmp_path: Path) -> None:
    make()
    assert list(tmp_path.iterdir()) == []
    make().open()
    assert (tmp_path / "data" / "orch.db").exists()


def test_an_entry_has_everything_of_the_change(make: Callable[[], Journal]) -> None:
    journal = make()
    assert journal.record(PROMOTED) == 1
    (row,) = rows(journal)
    assert len(str(row.pop("uid"))) == 32
    assert row == {
        "id": 1,
        "ts": "2025-10-09T03:04:05.678901Z",
        "actor": "田中",
        "role": "CMD",
        "event": "task_promoted",
        "kind": "task",
        "record_id": "010",
        "task_id": "010",
        "appr_id": "",
        "before": PROMOTED.before,
        "after": PROMOTED.after,
        "rev_before": "a" * 16,
        "rev_after": "b" * 16,
        "source": "cli",
        "claimed": False,
        "details": {"パス": r"C:\作業"},
        "payload_sha256": "c" * 64,
    }


def test_an_approvals_entry_names_its_task(make: Callable[[], Journal]) -> None:
    journal = make()
    journal.record(DECIDED)
    (row,) = rows(journal)
    assert (row["task_id"], row["appr_id"], row["record_id"]) == ("010", "A1", "A1")


def test_an_outside_edit_is_recorded_by_one_process_only(make: Callable[[], Journal]) -> None:
    one, other = make(), make()
    one.open()
    other.open()
    assert one.record(EDITED) == 1
    assert (other.record(EDITED), len(rows(one))) == (None, 1)


def test_what_another_process_wrote_is_no_outside_edit(make: Callable[[], Journal]) -> None:
    one, other = make(), make()
    other.open()
    one.record(PROMOTED)
    back = replace(PROMOTED, rev_before="b" * 16, rev_after="d" * 16)
    one.record(back)
    for change in (EDITED, replace(EDITED, rev_before="b" * 16, rev_after="d" * 16)):
        assert other.record(change) is None
    assert told(one) == [("task_promoted", "b" * 16), ("task_promoted", "d" * 16)]


def test_an_edit_back_to_an_old_row_is_recorded(make: Callable[[], Journal]) -> None:
    journal = make()
    journal.record(PROMOTED)
    journal.record(replace(EDITED, rev_before="b" * 16, rev_after="d" * 16))
    journal.record(replace(EDITED, rev_before="d" * 16, rev_after="b" * 16))
    journal.record(replace(EDITED, rev_before="b" * 16, rev_after=None, after=None))
    revs = [rev for _event, rev in told(journal)]
    assert revs == ["b" * 16, "d" * 16, "b" * 16, "None"]


def test_what_the_database_does_not_take_waits_in_the_spool(
    make: Callable[[], Journal], tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("ファイル", encoding="utf-8")
    journal = make()
    assert journal.record(PROMOTED) is None
    spool = tmp_path / "spool" / "pending.jsonl"
    assert json.loads(spool.read_bytes())["actor"] == "田中"
    (tmp_path / "data").unlink()
    journal.record(DECIDED)
    assert [row["event"] for row in rows(journal)] == ["task_promoted", "approval_decided"]
    assert not spool.exists()


def unusable(folder: Path) -> None:
    (folder / "data").write_text("ファイル", encoding="utf-8")


def test_a_spool_that_the_disk_did_not_confirm_holds_the_entry_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unusable(tmp_path)
    (tmp_path / "spool").mkdir()
    spool = tmp_path / "spool" / "pending.jsonl"
    url = f"sqlite:///{tmp_path / 'data' / 'orch.db'}"
    journal = Journal(url, now=lambda: AT, spool=spool, disk=UnconfirmedDisk())
    assert journal.record(PROMOTED) is None
    assert json.loads(spool.read_bytes())["actor"] == "田中"
    assert "the disk did not confirm the change" in caplog.text


def test_an_entry_that_nothing_takes_is_told_in_full(
    make: Callable[[], Journal], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unusable(tmp_path)
    (tmp_path / "spool").write_text("ファイル", encoding="utf-8")
    assert make().record(PROMOTED) is None
    assert "journal entry neither stored nor spooled" in caplog.text
    assert "田中" in caplog.text
    with pytest.raises(BusyError, match="the change could not be recorded"):
        make().ready()


def test_a_spool_that_cannot_be_read_stops_no_entry(
    make: Callable[[], Journal], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool" / "pending.jsonl").mkdir(parents=True)
    journal = make()
    assert journal.record(PROMOTED) == 1
    assert told(journal) == [("task_promoted", "b" * 16)]
    assert "not read yet" in caplog.text


def test_opening_takes_the_spool_in_once(make: Callable[[], Journal], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("ファイル", encoding="utf-8")
    make().record(PROMOTED)
    spool = tmp_path / "spool" / "pending.jsonl"
    line = spool.read_bytes()
    (tmp_path / "data").unlink()
    make().open()
    spool.write_bytes(line)
    journal = make()
    journal.open()
    assert told(journal) == [("task_promoted", "b" * 16)]


def test_a_url_that_names_no_database_is_a_setting_error() -> None:
    for url in ("作業", "nosuch://x/y"):
        with pytest.raises(ConfigError, match="database URL"):
            Database(url)


def test_the_journal_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    journal, other = journal_at(postgresql, tmp_path), journal_at(postgresql, tmp_path)
    other.open()
    assert journal.record(PROMOTED) == 1
    assert other.record(EDITED) is None
    journal.record(replace(DECIDED, record_id="A\0 1"))
    names = [event["resource_id"] for event in journal.events(10)]
    assert names == ["A\ufffd 1", "010"]
    with journal.database.transaction() as connection:
        assert journal.marks.next_id(connection, "task", Series("T-", 8, 2)) == "T-09"
        assert journal.marks.next_id(connection, "task", Series("T-", 8, 2)) == "T-10"
    assert not (tmp_path / "spool").exists()
    for one in (journal, other):
        one.close()


def test_the_last_details_are_those_of_the_newest_entry(make: Callable[[], Journal]) -> None:
    journal = make()
    for note in ("一", "二"):
        journal.record(replace(DECIDED, details={"comment": note}, rev_after=note * 16))
    journal.record(replace(PROMOTED, record_id="A1"))
    assert journal.last_details("approval", "A1", "approval_decided") == {"comment": "二"}
    assert journal.last_details("approval", "A2", "approval_decided") == {}


def test_pages_of_the_journal_have_so_many_bytes(make: Callable[[], Journal]) -> None:
    journal = make()
    large = {"id": "010", "notes": "長" * 400_000}
    for number in range(10):
        journal.record(replace(PROMOTED, after=large, rev_after=f"{number:016d}"))
    entries = list_entries(journal.database, limit=100, most_bytes=3_000_000)
    assert [entry.id for entry in entries] == [10, 9, 8]
    events = journal.events(1000)
    assert 0 < len(events) < 10
    older = journal.events(1000, None, events[-1]["id"])
    assert older[0]["id"] == events[-1]["id"] - 1
    one = replace(PROMOTED, after={"notes": "x" * 9_000_000}, rev_after="f" * 16)
    journal.record(one)
    assert len(journal.events(1000)) == 1
