"""A pipe without a backslash shifts a row's cells: it is told, and no road writes the row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orch_next.core.approvals import Decision
from orch_next.core.events import Who
from orch_next.core.history import list_entries
from orch_next.core.lease_terms import Ending
from orch_next.core.merging import merge_ledger
from orch_next.core.tasks import TaskDraft
from orch_next.core.terminal import Callback, Terminal
from orch_next.errors import RowError
from tests.lease_desk import CORE, Desk, make_desk, row

CMD = Who("CMD", "CMD")
ROWS = row("001", notes="C:\\証跡") + row("002", notes="[[運用|手順書]]") + row("003")
ALIAS = "[[手順書\\|運用]]"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path, ROWS)


def newest(desk: Desk) -> int:
    return list_entries(desk.board.journal.database, limit=1)[0].id


def told(desk: Desk) -> list[tuple[str, str, str, int]]:
    problems = desk.board.state.problems()
    return [(p.code, p.severity, p.record_id, p.line) for p in problems if p.severity == "row"]


def callback(desk: Desk, status: str) -> object:
    terminal = Terminal(desk.board.state, desk.board.tasks, now=desk.turned.clock.now)
    return terminal.apply(Callback("002", status), "0" * 64, None)


WRITES: dict[str, Callable[[Desk], object]] = {
    "hold": lambda desk: desk.board.tasks.set_status("002", "HOLD", CMD),
    "drop": lambda desk: desk.board.tasks.set_status("002", "DROP", CMD),
    "approve": lambda desk: desk.board.tasks.set_status("002", "DONE", CMD),
    "fix": lambda desk: desk.board.tasks.set_status("002", "FIX", CMD),
    "callback": lambda desk: callback(desk, "failed"),
    "callback with a ledger's word": lambda desk: callback(desk, "REVIEW"),
    "edit": lambda desk: desk.board.tasks.edit("002", {"notes": "x"}, CMD),
    "edit of another cell": lambda desk: desk.board.tasks.edit("002", {"due": "2025-11-01"}, CMD),
    "claim": lambda desk: desk.leases.claim("002", CORE),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_row_with_text_in_a_cell_too_many_is_written_by_no_road(desk: Desk, name: str) -> None:
    before = (desk.state_folder / "TASKS.md").read_bytes()
    with pytest.raises(RowError, match=r"11 cells where the table has 10: a pipe without a back"):
        WRITES[name](desk)
    assert (desk.state_folder / "TASKS.md").read_bytes() == before


def test_the_ordinary_check_tells_of_it(desk: Desk) -> None:
    assert told(desk) == [("surplus-cells", "row", "002", 6)]


def test_other_rows_and_the_mended_row_are_written(desk: Desk) -> None:
    desk.board.tasks.set_status("001", "HOLD", CMD)
    created = desk.board.tasks.create(TaskDraft("[[頁|別名]]", "WORK"), CMD)
    desk.edit("[[運用|手順書]]", ALIAS)
    desk.board.tasks.set_status("002", "HOLD", CMD)
    assert [desk.status(key) for key in ("001", "002", created.id)] == ["HOLD", "HOLD", "PLAN"]
    assert desk.board.state.tasks.get("002").notes == "[[手順書|運用]]"
    assert told(desk) == []


def test_a_row_whose_cells_too_many_are_empty_is_written(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001").rstrip("\n") + "  |   |\n")
    desk.board.tasks.edit("001", {"title": "題", "notes": "済"}, CMD)
    text = (desk.state_folder / "TASKS.md").read_text(encoding="utf-8")
    assert "| 001 | 題 | READY | WORK | - | - | - | - | - | 済 |  |   |\n" in text


def test_a_report_waits_until_the_row_is_mended(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001"))
    lease = desk.leases.claim("001", CORE)
    desk.edit("作業 001", "[[作業|001]]")
    with pytest.raises(RowError, match="11 cells"):
        desk.leases.report("001", lease.token, Ending("REVIEW", "done"))
    desk.edit("[[作業|001]]", "[[作業\\|001]]")
    desk.leases.report("001", lease.token, Ending("REVIEW", "done"))
    assert desk.status("001") == "REVIEW"


def test_undo_neither_writes_nor_brings_back_such_a_row(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001").replace("作業 001", "題"))
    desk.board.state.refresh()
    desk.edit("| 題 |", "| 題|名 |")
    desk.board.state.refresh()
    with pytest.raises(RowError, match="11 cells"):
        desk.board.undo.undo(newest(desk), CMD)
    desk.edit("| 題|名 |", "| 題 |")
    desk.board.state.refresh()
    before = (desk.state_folder / "TASKS.md").read_bytes()
    for take_back in (desk.board.undo.try_out, desk.board.undo.undo):
        with pytest.raises(RowError, match="the line has more cells than the table"):
            take_back(newest(desk), CMD)
    assert (desk.state_folder / "TASKS.md").read_bytes() == before


def test_a_decision_is_not_written_into_a_shifted_approval(desk: Desk) -> None:
    desk.edit("| 起票 |", "| 起|票 |", "APPROVALS.md")
    decision = Decision("approved", "監査", "AUDIT", "")
    with pytest.raises(RowError, match="11 cells"):
        desk.board.approvals.decide("A001", decision, CMD)
    assert told(desk)[-1] == ("surplus-cells", "row", "A001", 5)


def with_nameless_column(folder: Path, rows: str) -> Desk:
    """Make a table to which a formatter has added a column without a name."""
    desk = make_desk(folder, rows)
    path = desk.state_folder / "TASKS.md"
    text = path.read_text(encoding="utf-8").replace("| notes |\n|---|", "| notes |  |\n|---|---|")
    path.write_text(text, encoding="utf-8")
    return desk


def test_a_formatter_s_column_without_a_name_hides_no_shift(tmp_path: Path) -> None:
    wide = row("001").rstrip("\n") + "  |\n"
    desk = with_nameless_column(tmp_path, wide + row("002", notes="[[運用|手順書]]"))
    assert told(desk) == [("surplus-cells", "row", "002", 6)]
    with pytest.raises(RowError, match="a column without a name: a pipe without a backslash"):
        desk.board.tasks.set_status("002", "HOLD", CMD)
    desk.board.tasks.set_status("001", "HOLD", CMD)
    created = desk.board.tasks.create(TaskDraft("新規", "WORK"), CMD)
    desk.board.tasks.set_status(created.id, "READY", CMD)


def test_too_few_cells_below_a_column_without_a_name_are_told_as_before(tmp_path: Path) -> None:
    desk = with_nameless_column(tmp_path, row("001"))
    assert told(desk) == [("missing-cells", "row", "001", 5)]


def test_a_further_column_with_a_name_is_a_column(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001").rstrip("\n") + " 高 |\n")
    path = desk.state_folder / "TASKS.md"
    text = path.read_text(encoding="utf-8").replace("notes |\n|---|", "notes | 優先 |\n|---|---|")
    path.write_text(text, encoding="utf-8")
    assert told(desk) == []
    desk.board.tasks.set_status("001", "HOLD", CMD)
    assert desk.board.state.tasks.get("001").raw.endswith("| 高 |")


def test_a_header_with_one_name_twice_is_told(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001").rstrip("\n") + " 別 |\n")
    path = desk.state_folder / "TASKS.md"
    text = path.read_text(encoding="utf-8").replace("notes |\n|---|", "notes | Due |\n|---|---|")
    path.write_text(text, encoding="utf-8")
    found = [(p.code, p.severity, p.line, p.message) for p in desk.board.state.problems()[:1]]
    message = "more than one column is called due: the first one counts"
    assert found == [("double-column", "warning", 3, message)]


def test_a_merge_takes_a_shifted_row_as_a_line(tmp_path: Path) -> None:
    state = make_desk(tmp_path, row("001") + row("002")).state_folder
    base = (state / "TASKS.md").read_bytes()
    ours = base.replace("作業 001".encode(), "[[作業|001]]".encode())
    theirs = base.replace(b"001 | READY", b"001 | HOLD")
    text, merged = merge_ledger(base, ours, theirs)
    assert len(merged.conflicts) == 1
    for line in (*ours.splitlines(), *theirs.splitlines()):
        assert line in text
