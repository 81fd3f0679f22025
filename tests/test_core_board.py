"""The whole core against a plain model: dictionaries instead of files and a journal."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orch_next.core.approvals import Decision
from orch_next.core.board import Board, open_board
from orch_next.core.events import Change, Who
from orch_next.core.schema import APPROVAL, TASK, TASK_STATUSES
from orch_next.core.tasks import EVENTS, TaskDraft
from orch_next.errors import DamagedError, NotFoundError, RuleError
from orch_next.events import EventBus
from tests.ledger_text import line

CMD = Who("田中", "CMD")
TITLES = st.text("統合|試\\`* a", min_size=1, max_size=8).filter(lambda text: text.strip())
DAMAGE = st.sampled_from(["", "<<<<<<< HEAD\n", "# 台帳\n", None])
LOCKS = ("lock", "lock_owner", "lock_expires_at")


def as_text(columns: tuple[str, ...], rows: dict[str, dict[str, str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row.values()] for row in rows.values()]
    return "# 台帳\n\n" + line(columns) + line("---" for _ in columns) + "".join(map(line, escaped))


class BoardMachine(RuleBasedStateMachine):
    """Changes by us, by others, damage and repair; the board must tell all of it, once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.state_folder = Path(self.folder.name) / "ORCH" / "STATE"
        self.state_folder.mkdir(parents=True)
        self.time = datetime(2025, 10, 9, tzinfo=timezone.utc)
        self.tasks: dict[str, dict[str, str]] = {}
        self.approvals: dict[str, dict[str, str]] = {}
        self.told: dict[tuple[str, str], dict[str, Any]] = {}
        self.ours: list[tuple[str, str]] = []
        self.highest = 0
        self.damaged = False

    @initialize()
    def start(self) -> None:
        for number in range(1, 4):
            self.put_task(f"{number:03d}", "最初")
            cells = [f"A{number}", f"{number:03d}", "変更", "pending", "WORK"]
            cells += ["-", "-", "2025-10-08T09:00:00Z", "-", r"C:\証跡.md"]
            self.approvals[cells[0]] = dict(zip(APPROVAL.columns, cells, strict=True))
        self.save()
        self.board = self.open()
        assert self.board.state.refresh() == []
        self.told = {("task", key): row for key, row in self.tasks.items()}
        self.told |= {("approval", key): row for key, row in self.approvals.items()}

    def open(self) -> Board:
        url = f"sqlite:///{self.folder.name}/data/orch.db"
        bus = EventBus()
        bus.subscribe(Change, self.hear)
        return open_board(self.state_folder, url, now=lambda: self.time, bus=bus)

    def hear(self, change: Change) -> None:
        """Keep what a client would show that knows nothing but the changes."""
        key = (change.kind, change.record_id)
        assert self.told.get(key) == change.before
        if change.after is None:
            del self.told[key]
        else:
            self.told[key] = change.after

    def put_task(self, task_id: str, title: str) -> None:
        cells = [task_id, title, "PLAN", "CMD", "-", "-", "-", "-", "-", "-"]
        self.tasks[task_id] = dict(zip(TASK.columns, cells, strict=True))
        self.highest = max(self.highest, int(task_id))

    def save(self) -> None:
        for kind, rows in ((TASK, self.tasks), (APPROVAL, self.approvals)):
            data = as_text(kind.columns, rows).encode()
            (self.state_folder / kind.file_name).write_bytes(data)

    @rule(title=TITLES)
    def create(self, title: str) -> None:
        if self.damaged:
            with pytest.raises((DamagedError, NotFoundError)):
                self.board.tasks.create(TaskDraft(title), CMD)
            return
        task = self.board.tasks.create(TaskDraft(title), CMD)
        assert int(task.id) > self.highest
        self.put_task(task.id, title.strip())
        self.ours.append(("task_created", task.id))

    @rule(data=st.data(), status=st.sampled_from(TASK_STATUSES))
    def set_status(self, data: st.DataObject, status: str) -> None:
        task_id = data.draw(st.sampled_from([*self.tasks, "404"]))
        if self.damaged or task_id == "404":
            with pytest.raises((DamagedError, NotFoundError)):
                self.board.tasks.set_status(task_id, status, CMD)
            return
        row = self.tasks[task_id]
        after = {**row, "status": status}
        if status in ("HOLD", "REVIEW"):
            after |= dict.fromkeys(LOCKS, "-")
        self.board.tasks.set_status(task_id, status, CMD)
        if after != row:
            self.ours.append((EVENTS[status], task_id))
        self.tasks[task_id] = after

    @rule(data=st.data(), status=st.sampled_from(["approved", "rejected", "expired"]))
    def decide(self, data: st.DataObject, status: str) -> None:
        appr_id = data.draw(st.sampled_from(list(self.approvals)))
        row, decision = self.approvals[appr_id], Decision(status, "AUDIT", "AUDIT")
        if row["status"] != "pending":
            with pytest.raises(RuleError):
                self.board.approvals.decide(appr_id, decision, CMD)
            return
        self.board.approvals.decide(appr_id, decision, CMD)
        at = self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        changed = {"status": status, "approver": "AUDIT", "approver_role": "AUDIT", "ts_dec": at}
        self.approvals[appr_id] = {**row, **changed}
        self.ours.append(("approval_decided", appr_id))

    @precondition(lambda self: not self.damaged)
    @rule(data=st.data(), column=st.sampled_from(["title", "owner", "lock", "notes"]), cell=TITLES)
    def edit_outside(self, data: st.DataObject, column: str, cell: str) -> None:
        task_id = data.draw(st.sampled_from(list(self.tasks)))
        self.tasks[task_id] = {**self.tasks[task_id], column: cell.strip().replace("\\", "/")}
        self.save()

    @precondition(lambda self: not self.damaged and len(self.tasks) > 1)
    @rule(data=st.data())
    def remove_outside(self, data: st.DataObject) -> None:
        # Whoever removes a row that nobody has seen yet leaves no trace of its id.
        self.board.state.refresh()
        del self.tasks[data.draw(st.sampled_from(list(self.tasks)))]
        self.save()

    @rule(text=DAMAGE)
    def damage(self, text: str | None) -> None:
        # What nobody has read before the damage is not known to anybody.
        self.board.state.refresh()
        path = self.state_folder / "TASKS.md"
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, encoding="utf-8")
        self.damaged = True

    @precondition(lambda self: self.damaged)
    @rule()
    def repair(self) -> None:
        self.save()
        self.damaged = False

    @rule(seconds=st.integers(1, 3600))
    def wait(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)

    @precondition(lambda self: not self.damaged)
    @rule()
    def restart(self) -> None:
        self.board.state.refresh()
        self.board.close()
        self.board = self.open()

    @invariant()
    def rows_and_what_was_told_are_the_models(self) -> None:
        if not self.told:
            return
        tasks = self.board.state.tasks
        assert {task.id: task.as_json() for task in tasks.records} == self.tasks
        assert tasks.stale == self.damaged
        approvals = self.board.state.approvals.records
        assert {row.key: row.as_json() for row in approvals} == self.approvals
        # Reading tells nobody; the tail's look does, and every change first.
        self.board.state.refresh()
        rows = {("task", key): row for key, row in self.tasks.items()}
        rows |= {("approval", key): row for key, row in self.approvals.items()}
        assert self.told == rows

    def teardown(self) -> None:
        if self.told:
            found = self.board.journal.events(1000)
            ours = [(e["event_type"], e["resource_id"]) for e in found if e["user_id"] == "田中"]
            assert sorted(ours) == sorted(self.ours)
            self.board.close()
        self.folder.cleanup()


TestBoard = BoardMachine.TestCase
setattr(TestBoard, "pytestmark", [pytest.mark.slow])  # noqa: B010 - no attribute that types know
TestBoard.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_opening_a_board_touches_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "ORCH" / "STATE"
    open_board(folder, f"sqlite:///{tmp_path}/data/orch.db", now=lambda: datetime.now(timezone.utc))
    assert list(tmp_path.iterdir()) == []


def test_listeners_hear_in_order_after_the_journal(ledger_folder: Path, now: Any) -> None:
    heard: list[Any] = []
    board: Board
    url = f"sqlite:///{ledger_folder}/orch.db"
    bus = EventBus()
    bus.subscribe(Change, lambda change: heard.append((change.event, len(board.journal.events()))))
    bus.subscribe(Change, lambda change: heard.append(change.record_id))
    board = open_board(ledger_folder, url, now=now, bus=bus)
    board.tasks.set_status("011", "READY", CMD)
    board.tasks.create(TaskDraft("次"), CMD)
    assert heard == [("task_promoted", 1), "011", ("task_created", 2), "012"]
