"""What the store knows after its own edits is what a fresh parse of the file says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.events import Change, Who
from orch_next.core.kinds import APPROVAL, MILESTONE, TASK, LedgerKind
from orch_next.core.reading import read_ledger
from orch_next.core.schema import Snapshot, load_snapshot
from orch_next.core.settling import CHANGED_SECONDS, GONE_SECONDS
from orch_next.core.store import LedgerStore
from orch_next.core.view import LedgerView
from orch_next.errors import OrchError
from orch_next.ledger.parser import parse
from orch_next.storage.disk import Disk
from tests.ledger_disks import fast_folder
from tests.ledger_samples import BOM, LINES, NASTY, WORDS
from tests.ledger_text import task_row, task_table

CMD = Who("CMD", "CMD")
EDITED = ChangeRequest("task_edited", CMD)
Now = Callable[[], datetime]


def set_cells(record_id: str, **cells: str) -> Callable[[LedgerView[Any]], Edit]:
    def plan(view: LedgerView[Any]) -> Edit:
        return Edit(record_id, view.set_cells(view.get_writable(record_id), cells))

    return plan


def random_ledger(kind: LedgerKind[Any], rnd: Random) -> str:
    """Return a ledger of a few rows, its columns in any order; a quarter of them are hostile."""
    hostile = rnd.random() < 0.25
    columns = rnd.sample(kind.columns, len(kind.columns)) + (["余り"] if rnd.random() < 0.2 else [])
    lines = [rnd.choice(LINES if hostile else LINES[:4]) for _ in range(rnd.randint(0, 3))]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for number in range(rnd.randint(1, 6)):
        words = WORDS + NASTY if hostile else WORDS
        cells = [rnd.choice(words).replace("|", "\\|") for _ in columns]
        cells[columns.index(kind.id_column)] = f"{number % 5:03d}" if hostile else f"{number:03d}"
        lines.append("| " + " | ".join(cells) + " |")
        if hostile and rnd.random() < 0.1:
            lines.append(rnd.choice(LINES))
    eol = rnd.choice(["\n", "\r\n"])
    return (BOM if rnd.random() < 0.1 else "") + eol.join(lines) + rnd.choice(["", eol])


def assert_same(shown: Snapshot[Any], data: bytes) -> None:
    fresh = load_snapshot(shown.kind, data)
    assert shown == fresh
    assert [record.raw for record in shown.records] == [record.raw for record in fresh.records]
    assert {one.key: shown.find(one.key) for one in fresh.records} == {
        one.key: fresh.find(one.key) for one in fresh.records
    }


def edit_at_random(folder: Path, kind: LedgerKind[Any], rnd: Random, now: Now) -> int:
    """Edit cells through one store and compare with a fresh parse; return how many were made."""
    path, made = folder / kind.file_name, 0
    path.write_bytes(random_ledger(kind, rnd).encode())
    store = LedgerStore(kind, folder, now=now)
    for _ in range(5):
        ids = [record.key for record in store.look().records] or ["無い"]
        names = rnd.sample(kind.columns[1:], rnd.randint(1, 3))
        cells = {name: rnd.choice(WORDS + NASTY + ["a\nb", "DONE"]) for name in names}
        before = path.read_bytes()
        try:
            result = store.change(set_cells(rnd.choice(ids), **cells), EDITED)
        except OrchError:
            assert path.read_bytes() == before
            continue
        assert_same(store.look(), path.read_bytes())
        assert result.digest == store.look().digest
        made += result.changed
    return made


@pytest.mark.parametrize("kind", [TASK, APPROVAL, MILESTONE])
def test_random_edits_leave_the_store_with_what_a_fresh_parse_says(
    kind: LedgerKind[Any], now: Now
) -> None:
    with fast_folder() as folder:
        assert sum(edit_at_random(folder, kind, Random(seed), now) for seed in range(150)) > 200


def test_what_a_plan_sees_after_an_edit_is_a_fresh_reading(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "TASKS.md"
    path.write_bytes(task_table("001", "002", "003").encode())
    store = LedgerStore(TASK, tmp_path, now=now)
    seen: list[LedgerView[Any]] = []

    def plan(view: LedgerView[Any]) -> Edit:
        seen.append(view)
        return set_cells("002", status="未知")(view)

    store.change(set_cells("002", title="新しい題名 | 長い"), EDITED)
    store.change(plan, EDITED)
    store.change(plan, EDITED)
    text = path.read_text("utf-8")
    texts = [text.replace("未知", "READY"), text]
    assert seen == [read_ledger(TASK, parse(text)) for text in texts]
    assert [entry.row for entry in seen[1].entries] == list(seen[1].tables[0].table.rows)
    assert [problem.code for problem in seen[1].problems] == ["unknown-status"]


class Tail:
    """A store as the live tail looks at it, with the tail's clock."""

    def __init__(self, folder: Path, now: Now) -> None:
        self.path, self.time, self.told = folder / "TASKS.md", 0.0, list[Change]()
        self.path.write_bytes(task_table("001", "002").encode())
        self.store = LedgerStore(
            TASK, folder, now=now, publish=self.told.append, clock=lambda: self.time
        )
        self.store.try_snapshot()

    def save_and_look(self, text: str, *seconds: float) -> list[int]:
        """Save, and return how much had been told at each of these times after it."""
        self.path.write_bytes(text.encode())
        start, counts = self.time, []
        for passed in seconds:
            self.time = start + passed
            self.store.try_snapshot()
            counts.append(len(self.told))
        return counts


def test_an_outside_edit_is_shown_at_once_and_recorded_when_it_has_settled(
    tmp_path: Path, now: Now
) -> None:
    tail = Tail(tmp_path, now)
    text = task_table("001") + task_row("002", status="HOLD")
    assert tail.save_and_look(text, 0, CHANGED_SECONDS / 2, CHANGED_SECONDS) == [0, 0, 1]
    assert tail.save_and_look(task_table("001"), 0, CHANGED_SECONDS, GONE_SECONDS) == [1, 1, 2]
    assert [change.event for change in tail.told] == ["task_updated", "task_removed"]
    assert tail.store.settles_at() is None


def test_rows_that_come_back_in_time_were_never_gone(tmp_path: Path, now: Now) -> None:
    tail = Tail(tmp_path, now)
    assert tail.save_and_look(task_table("001"), 0, CHANGED_SECONDS) == [0, 0]
    assert tail.store.settles_at() == GONE_SECONDS
    assert tail.save_and_look(task_table("001", "002"), 0, GONE_SECONDS) == [0, 0]
    assert tail.store.settles_at() is None


def test_a_change_records_first_what_has_not_settled(tmp_path: Path, now: Now) -> None:
    tail = Tail(tmp_path, now)
    tail.save_and_look(task_table("001", "003"), 0)
    tail.store.change(set_cells("001", status="HOLD"), EDITED)
    assert [(change.event, change.record_id) for change in tail.told] == [
        ("task_added", "003"),
        ("task_removed", "002"),
        ("task_edited", "001"),
    ]


def test_a_snapshot_tells_the_newest_entry_that_it_shows(tmp_path: Path, now: Now) -> None:
    numbers = iter([7, 8, 11])

    def record(changes: Sequence[Change]) -> list[int | None]:
        return [next(numbers) for _ in changes]

    (tmp_path / "TASKS.md").write_bytes(task_table("001").encode())
    store = LedgerStore(TASK, tmp_path, now=now, record=record, newest=lambda: 5)
    events = [store.look().event]
    store.change(set_cells("001", status="HOLD"), EDITED)
    events.append(store.look().event)
    (tmp_path / "TASKS.md").write_bytes(task_table("001", "002").encode())
    events.append(store.look().event)
    store.refresh()
    events.append(store.look().event)
    assert events == [5, 7, 7, 11]


class OpenDisk(Disk):
    """An editor has the file open for writing, as long as `open` says."""

    def __init__(self) -> None:
        self.open, self.looks = True, 0

    def lease(self, fd: int) -> bool | None:
        self.looks += 1
        return not self.open


def test_rows_that_an_editor_is_still_writing_are_not_gone(tmp_path: Path, now: Now) -> None:
    path, disk = tmp_path / "TASKS.md", OpenDisk()
    path.write_bytes(task_table("001", "002").encode())
    store = LedgerStore(TASK, tmp_path, now=now, disk=disk)
    first = store.look()
    path.write_bytes(task_table("001").encode())
    half = store.look()
    assert (half.records, half.stale) == (first.records, True)
    assert [problem.code for problem in half.problems] == ["unfinished-save"]
    looks = disk.looks
    assert store.look() is half
    assert disk.looks == looks + 1  # the editor was waited for once
    disk.open = False
    assert [record.key for record in store.look().records] == ["001"]


def test_a_reader_waits_for_no_writer(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "TASKS.md"
    path.write_bytes(task_table("001").encode())
    store = LedgerStore(TASK, tmp_path, now=now)
    shown: list[list[str]] = []

    def plan(view: LedgerView[Any]) -> Edit:
        if not shown:
            path.write_bytes(task_table("001", "002").encode())
        shown.append([record.key for record in store.look().records])
        return set_cells("001", status="HOLD")(view)

    store.change(plan, EDITED)
    assert shown == [["001", "002"], ["001", "002"]]
    assert [record.status for record in store.look().records] == ["HOLD", "READY"]


def test_who_reads_while_a_change_is_recorded_sees_it_unparsed(tmp_path: Path, now: Now) -> None:
    (tmp_path / "TASKS.md").write_bytes(task_table("001", "002").encode())
    shown: list[Snapshot[Any]] = []

    def record(changes: Sequence[Change]) -> list[int | None]:
        shown.append(store.look())
        return [len(shown)] * len(changes)

    store = LedgerStore(TASK, tmp_path, now=now, record=record)
    untouched = store.look().get("002")
    result = store.change(set_cells("001", status="HOLD"), EDITED)
    assert (shown[0].get("001") is result.after, shown[0].get("002") is untouched) == (True, True)
    assert (shown[0].event, store.look().event) == (0, 1)
