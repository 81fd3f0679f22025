from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.events import Change, Who
from orch_next.core.schema import TASK, Snapshot, Task
from orch_next.core.state import State
from orch_next.core.store import LedgerStore
from orch_next.core.view import LedgerView
from orch_next.errors import BusyError, DamagedError, NotFoundError, UncertainError
from orch_next.ledger.file import LedgerFile
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import locked
from tests.ledger_disks import CountingDisk
from tests.ledger_text import task_row, task_table
from tests.patience import seconds_of

CMD = Who("CMD", "CMD")
HOLD = ChangeRequest("task_held", CMD, {"理由": "確認"}, "f" * 64)


class Ledger:
    """A State over one TASKS.md, and everything that it told."""

    def __init__(self, folder: Path, now: Callable[[], datetime], text: str | None) -> None:
        self.path = folder / "TASKS.md"
        if text is not None:
            self.save(text)
        self.told: list[Change] = []
        self.seen: list[Snapshot[Task]] = []
        self.state = State(folder, now=now, publish=self.told.append, seen=self.seen.append)

    def save(self, text: str | bytes) -> None:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def ids(self) -> list[str]:
        return [task.id for task in self.state.tasks.records]

    def events(self) -> list[tuple[str, str, str]]:
        return [(change.event, change.record_id, change.who.source) for change in self.told]


@pytest.fixture
def ledger(tmp_path: Path, now: Callable[[], datetime]) -> Ledger:
    return Ledger(tmp_path, now, task_table("001", "002"))


def hold(task_id: str) -> Callable[[LedgerView[Task]], Edit]:
    def plan(view: LedgerView[Task]) -> Edit:
        entry = view.get_writable(task_id)
        return Edit(task_id, view.set_cells(entry, {"status": "HOLD"}))

    return plan


def test_the_first_load_tells_nothing(ledger: Ledger) -> None:
    assert (ledger.ids(), ledger.state.refresh(), ledger.told) == (["001", "002"], [], [])


def test_a_snapshot_is_the_same_object_until_the_content_changes(ledger: Ledger) -> None:
    first = ledger.state.tasks
    ledger.save(task_table("001", "002"))
    assert ledger.state.tasks is first


def test_a_read_shows_an_outside_edit_and_a_refresh_tells_it_exactly_once(ledger: Ledger) -> None:
    assert ledger.ids() == ["001", "002"]
    ledger.save(task_table("001") + task_row("002", status="HOLD"))
    assert (ledger.state.tasks.get("002").status, ledger.told) == ("HOLD", [])
    assert len(ledger.state.refresh()) == 1
    assert ledger.state.refresh() == []
    assert ledger.events() == [("task_updated", "002", "outside")]


def test_refresh_returns_what_it_told(ledger: Ledger) -> None:
    ledger.state.refresh()
    ledger.save(task_table("001", "003"))
    assert ledger.state.refresh() == ledger.told
    assert ledger.events() == [
        ("task_added", "003", "outside"),
        ("task_removed", "002", "outside"),
    ]


@pytest.mark.parametrize("damage", ["", "# 台帳\n", "<<<<<<< HEAD\n", b"\xff\xfe"])
def test_damage_keeps_the_last_good_rows_marked_stale(ledger: Ledger, damage: str | bytes) -> None:
    good = ledger.state.tasks
    ledger.save(damage)
    stale = ledger.state.tasks
    assert (stale.records, stale.stale, stale.digest) == (good.records, True, good.digest)
    assert {problem.severity for problem in stale.problems} == {"damage"}
    ledger.save(task_table("001", "002"))
    assert (ledger.state.tasks.stale, ledger.told) == (False, [])


def test_a_file_that_went_away_keeps_its_last_good_rows(ledger: Ledger) -> None:
    good = ledger.state.tasks
    ledger.path.unlink()
    gone = ledger.state.tasks
    assert (gone.records, gone.stale) == (good.records, True)
    assert [problem.code for problem in gone.problems] == ["missing-file"]
    with pytest.raises(NotFoundError, match=r"TASKS\.md is missing"):
        ledger.state.change(TASK, hold("001"), HOLD)
    assert (ledger.path.exists(), ledger.told) == (False, [])


def test_a_file_that_was_never_there_is_empty_and_missing(
    tmp_path: Path, now: Callable[[], datetime]
) -> None:
    ledger = Ledger(tmp_path, now, None)
    tasks = ledger.state.tasks
    assert (tasks.records, tasks.missing, tasks.stale) == ((), True, False)
    ledger.save(task_table("001"))
    assert ledger.ids() == ["001"]
    ledger.state.refresh()
    assert ledger.events() == [("task_added", "001", "outside")]


def test_damage_from_the_beginning_is_an_error_with_its_place(
    tmp_path: Path, now: Callable[[], datetime]
) -> None:
    ledger = Ledger(tmp_path, now, task_table("001") + ">>>>>>> 枝\n")
    for _ in range(2):
        with pytest.raises(DamagedError, match=r"^TASKS\.md:4: a merge conflict"):
            assert ledger.state.tasks
    assert [problem.code for problem in ledger.state.problems()][:1] == ["conflict-marker"]
    ledger.save(task_table("001"))
    assert (ledger.ids(), ledger.told) == (["001"], [])


def test_milestones_that_lost_their_table_are_stale(ledger_folder: Path, now: object) -> None:
    state = State(ledger_folder, now=now)  # type: ignore[arg-type]
    assert [milestone.key for milestone in state.milestones.records] == ["M1", "M2"]
    (ledger_folder / "MILESTONES.md").write_text("# 書きかけ\n", encoding="utf-8")
    assert [milestone.key for milestone in state.milestones.records] == ["M1", "M2"]
    assert state.milestones.stale


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty-file"),
        ("\n", "no-table"),
        ("# 書きかけ\n", "no-table"),
        ("| task_id |\n", "no-table"),
    ],
)
def test_a_table_that_is_gone_is_no_removal_of_its_rows(
    ledger: Ledger, text: str, code: str
) -> None:
    assert ledger.ids() == ["001", "002"]
    ledger.save(text)
    assert ledger.ids() == ["001", "002"]
    assert code in [problem.code for problem in ledger.state.tasks.damage]
    with pytest.raises(DamagedError):
        ledger.state.change(TASK, hold("001"), HOLD)
    assert (ledger.state.refresh(), ledger.told) == ([], [])


def test_a_save_cut_short_is_no_removal(ledger: Ledger) -> None:
    whole = task_table("001", "002", "003")
    ledger.save(whole)
    ledger.state.refresh()
    ledger.save(whole[: whole.index("003") + 9])
    assert ledger.ids() == ["001", "002", "003"]
    assert [problem.code for problem in ledger.state.tasks.damage] == ["unfinished-save"]
    with pytest.raises(DamagedError, match=r"TASKS\.md:5: the file ends in mid-line"):
        ledger.state.change(TASK, hold("001"), HOLD)
    ledger.save(whole)
    assert (ledger.ids(), ledger.told) == (["001", "002", "003"], [])


def test_prose_below_the_table_may_be_cut_in_mid_line(ledger: Ledger) -> None:
    ledger.save(task_table("001", "002") + "\n更新履歴: 初版作成、登録")
    ledger.state.refresh()
    ledger.save(task_table("001", "002") + "\n更新履歴: 初版")
    assert (ledger.state.tasks.stale, ledger.state.tasks.problems) == (False, ())
    assert ledger.state.change(TASK, hold("001"), HOLD).after.status == "HOLD"


def test_an_edit_under_the_same_time_stamp_is_noticed(ledger: Ledger) -> None:
    ledger.state.refresh()
    before = ledger.path.stat()
    ledger.save(task_table("001", "003"))
    os.utime(ledger.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ledger.path.stat().st_size == before.st_size
    assert ledger.ids() == ["001", "003"]


def much_later() -> int:
    return time.time_ns() + 3600 * 10**9


def open_store(ledger: Ledger, **options: Any) -> LedgerStore[Task]:
    """Open the ledger an hour later, when its time stamps can be relied on."""
    now = datetime(2025, 10, 9, tzinfo=timezone.utc)
    return LedgerStore(TASK, ledger.path.parent, now=lambda: now, wall_ns=much_later, **options)


def unmoved(_path: Path) -> tuple[int, ...]:
    return 0, 0, 100, 1


def save_unseen(path: Path) -> None:
    """Change one digit in place, and give the file its old time back."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(path.read_bytes().replace(b"| 002 |", b"| 003 |"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert after.st_ino == before.st_ino


def test_a_settled_file_is_not_read_again(ledger: Ledger) -> None:
    disk = CountingDisk()
    store = open_store(ledger, disk=disk)
    first, calls = store.look(), list(disk.calls)
    assert calls != []
    assert store.look() is first
    assert disk.calls == calls


@pytest.mark.skipif(sys.platform == "win32", reason="there ctime is the creation")
def test_a_save_in_place_that_keeps_size_and_time_is_seen(ledger: Ledger) -> None:
    store = open_store(ledger)
    store.look()
    save_unseen(ledger.path)
    assert [task.id for task in store.look().records] == ["001", "003"]


def test_where_stat_shows_nothing_a_notification_has_the_bytes_compared(ledger: Ledger) -> None:
    store = open_store(ledger, stamp=unmoved)
    first = store.look()
    store.doubt()
    assert store.look() is first
    save_unseen(ledger.path)
    assert store.look() is first
    store.doubt()
    assert [task.id for task in store.look().records] == ["001", "003"]


def test_a_doubt_about_the_folder_reaches_its_ledgers(ledger: Ledger) -> None:
    ledger.state.refresh()
    save_unseen(ledger.path)
    ledger.state.doubt()
    assert ledger.ids() == ["001", "003"]


def test_a_writer_waits_no_longer_than_it_was_told(
    tmp_path: Path, now: Callable[[], datetime]
) -> None:
    path = tmp_path / "TASKS.md"
    path.write_bytes(task_table("001").encode())
    state = State(tmp_path, now=now, lock_timeout=0.05)
    patient = State(tmp_path, now=now, lock_timeout=1.0)

    def give_up(state: State) -> None:
        with pytest.raises(BusyError):
            state.change(TASK, hold("001"), HOLD)

    with locked(tmp_path / ".TASKS.md.lock", 1.0):
        waited = [seconds_of(lambda: give_up(state)), seconds_of(lambda: give_up(patient))]
    assert waited[0] < waited[1]
    assert state.change(TASK, hold("001"), HOLD).changed


def test_the_lock_is_the_one_that_a_bare_ledger_file_takes(
    tmp_path: Path, now: Callable[[], datetime]
) -> None:
    (tmp_path / "TASKS.md").write_bytes(task_table("001").encode())
    state = State(tmp_path, now=now, lock_timeout=0.05)

    with LedgerFile(tmp_path / "TASKS.md").locked(1.0), pytest.raises(BusyError):
        state.change(TASK, hold("001"), HOLD)


def test_the_last_row_can_be_removed_with_its_line_end(ledger: Ledger) -> None:
    ledger.state.refresh()
    ledger.save(task_table("001").rstrip("\n"))
    assert ledger.ids() == ["001"]
    ledger.state.refresh()
    assert ledger.events() == [("task_removed", "002", "outside")]


def test_our_write_is_told_once_as_ours(ledger: Ledger) -> None:
    before = ledger.state.tasks.get("001")
    outcome = ledger.state.change(TASK, hold("001"), HOLD)
    assert (outcome.before, outcome.after.status, outcome.changed) == (before, "HOLD", True)
    assert outcome.after is ledger.state.tasks.get("001")
    assert ledger.state.refresh() == []
    (change,) = ledger.told
    assert (change.event, change.record_id, change.who) == ("task_held", "001", CMD)
    assert (change.before, change.after) == (before.as_json(), outcome.after.as_json())
    assert (change.rev_before, change.rev_after) == (before.rev, outcome.after.rev)
    assert (change.details, change.payload_sha256) == ({"理由": "確認"}, "f" * 64)


def test_others_edits_found_by_a_write_are_told_before_it(ledger: Ledger) -> None:
    ledger.state.refresh()

    def plan(view: LedgerView[Task]) -> Edit:
        assert view.find("003") is not None
        return hold("001")(view)

    ledger.save(task_table("001", "002", "003"))
    ledger.state.change(TASK, plan, HOLD)
    assert ledger.events() == [("task_added", "003", "outside"), ("task_held", "001", "http")]


def test_writing_the_present_value_changes_and_tells_nothing(ledger: Ledger) -> None:
    ledger.state.change(TASK, hold("001"), HOLD)
    stood = ledger.path.stat().st_mtime_ns
    outcome = ledger.state.change(TASK, hold("001"), HOLD)
    assert (outcome.changed, outcome.before) == (False, outcome.after)
    assert (ledger.path.stat().st_mtime_ns, len(ledger.told)) == (stood, 1)


def test_a_refused_plan_changes_nothing(ledger: Ledger) -> None:
    data = ledger.path.read_bytes()
    with pytest.raises(NotFoundError):
        ledger.state.change(TASK, hold("404"), HOLD)
    assert (ledger.path.read_bytes(), ledger.told) == (data, [])


def test_only_one_line_of_the_file_changes(ledger: Ledger) -> None:
    ledger.save("\ufeff" + task_table("001", "002").replace("\n", "\r\n"))
    before = ledger.path.read_bytes().split(b"\r\n")
    ledger.state.change(TASK, hold("002"), HOLD)
    after = ledger.path.read_bytes().split(b"\r\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [(before[3], before[3].replace(b"READY", b"HOLD"))]


def test_every_good_snapshot_is_seen(ledger: Ledger) -> None:
    ledger.state.refresh()
    ledger.save("")
    ledger.state.refresh()
    ledger.save(task_table("003"))
    ledger.state.refresh()
    ledger.state.change(TASK, hold("003"), HOLD)
    seen = [snapshot for snapshot in ledger.seen if snapshot.kind is TASK]
    ids = [[task.id for task in snapshot.records] for snapshot in seen]
    assert ids == [["001", "002"], ["003"], ["003"]]


def test_a_listener_may_read_the_state(tmp_path: Path, now: Callable[[], datetime]) -> None:
    ledger = Ledger(tmp_path, now, task_table("001"))
    read: list[str] = []
    state = State(
        tmp_path, now=now, publish=lambda _change: read.append(state.tasks.records[0].status)
    )
    state.change(TASK, hold("001"), HOLD)
    ledger.save(task_table("001"))
    state.refresh()
    assert read == ["HOLD", "READY"]


class DoubtfulDisk(Disk):
    """A disk whose folders cannot be synced: the rename stands, its survival is unknown."""

    def sync_folder(self, folder: Path) -> None:
        raise OSError(5, f"入出力エラー: {folder}")


def test_an_uncertain_write_is_taken_over_and_told(
    tmp_path: Path, now: Callable[[], datetime]
) -> None:
    told: list[Change] = []
    (tmp_path / "TASKS.md").write_bytes(task_table("001").encode())
    state = State(tmp_path, now=now, publish=told.append, disk=DoubtfulDisk())
    with pytest.raises(UncertainError):
        state.change(TASK, hold("001"), HOLD)
    assert state.tasks.get("001").status == "HOLD"
    assert [(change.event, change.who.source) for change in told] == [("task_held", "http")]
