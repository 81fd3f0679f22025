from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.core.approvals import Decision
from orch_next.core.events import Who
from orch_next.core.lengths import MOST_CELL_BYTES
from orch_next.errors import InputError
from tests.lease_desk import Desk, make_desk, row

ME = Who("田中", "CMD", "http")
FITS = "長" * (MOST_CELL_BYTES // 3)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path, row("001") + row("002", notes=f"{FITS}長い"))


def test_a_cell_is_given_so_many_bytes_and_no_more(desk: Desk) -> None:
    tasks = desk.board.tasks
    assert tasks.edit("001", {"notes": FITS}, ME).notes == FITS
    with pytest.raises(InputError, match="max_cell_bytes"):
        tasks.edit("001", {"notes": f"{FITS}長"}, ME)
    assert desk.board.state.tasks.get("001").notes == FITS


def test_a_longer_cell_that_is_there_stays_while_others_are_edited(desk: Desk) -> None:
    edited = desk.board.tasks.edit("002", {"title": "C:\\ORCH", "notes": f"{FITS}長い"}, ME)
    assert (edited.title, edited.notes) == ("C:\\ORCH", f"{FITS}長い")


def test_a_comment_is_as_long_as_a_cell(desk: Desk) -> None:
    decision = Decision("approved", "田中", "CMD", f"{FITS}長い")
    with pytest.raises(InputError, match="comment"):
        desk.board.approvals.decide("A001", decision, ME)
