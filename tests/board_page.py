"""Test tool: the board and the table as a person sees and moves them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.sample import changed_lines
from tests.servers import Server

HEADER = (
    "| id | title | status | owner | lock | lock_owner | lock_expires_at "
    "| due | artifact | notes |\n"
    "|----|----|----|----|----|----|----|----|----|----|\n"
)
APPROVALS = (
    "| appr_id | task_id | op | status | requested_by | approver | approver_role | ts_req "
    "| ts_dec | evidence |\n|----|----|----|----|----|----|----|----|----|----|\n"
)


def write_ledger(folder: Path, rows: list[str]) -> Path:
    """Write an ORCH folder whose TASKS.md has these rows, and return it."""
    state = folder / "ORCH" / "STATE"
    state.mkdir(parents=True)
    text = HEADER + "".join(f"{row}\n" for row in rows)
    (state / "TASKS.md").write_text(text, encoding="utf-8", newline="\n")
    (state / "APPROVALS.md").write_text(APPROVALS, encoding="utf-8", newline="\n")
    return state.parent


def row(task_id: str, title: str, status: str = "PLAN", **cells: str) -> str:
    """Return a ledger row; cells that are not named are `-`, the owner is WORK."""
    rest = [cells.get(name, "-") for name in ("lock", "lock_owner", "lock_expires_at")]
    last = [cells.get(name, "-") for name in ("due", "artifact", "notes")]
    return f"| {' | '.join([task_id, title, status, cells.get('owner', 'WORK'), *rest, *last])} |"


def read_tasks(server: Server) -> str:
    """Return the text of TASKS.md."""
    return (server.orch_root / "STATE" / "TASKS.md").read_text(encoding="utf-8")


def edit_tasks(server: Server, old: str, new: str) -> None:
    """Change TASKS.md as an editor does."""
    path = server.orch_root / "STATE" / "TASKS.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def cells_changed(before: str, after: str) -> list[tuple[str, str]]:
    """Return the cells that differ, old and new."""
    found = []
    for old, new in changed_lines(before, after):
        cells = zip(old.split(" | "), new.split(" | "), strict=True)
        found += [(a.strip(" |"), b.strip(" |")) for a, b in cells if a != b]
    return found


def open_board(page: Page, query: str = "") -> None:
    """Open the board and wait until its cards are there."""
    page.goto(f"/tasks{query}")
    expect(page.locator('[data-widget="board"][data-ready]')).to_be_visible()
    expect(page.locator("#connection-status")).to_have_attribute("data-state", "socket")


def card(page: Page, task_id: str) -> Locator:
    """Return the card of a task."""
    return page.locator(f'.cell .card[data-task-id="{task_id}"]')


def cell(page: Page, status: str, owner: str = "") -> Locator:
    """Return a column (of a lane)."""
    return page.locator(f'.cell[data-status="{status}"][data-owner="{owner}"]')


def stands_in(page: Page, task_id: str, status: str, owner: str = "") -> None:
    """Wait until a settled card stands in a column."""
    settled = f'.card[data-task-id="{task_id}"]:not(.is-moving)'
    expect(cell(page, status, owner).locator(settled)).to_have_count(1)


def centre(place: Locator) -> tuple[float, float]:
    """Return the middle of an element on the screen."""
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 80)


def drag(page: Page, task_id: str, target: Locator) -> None:
    """Drag a card with the mouse."""
    x, y = centre(card(page, task_id).locator(".card-title"))
    to_x, to_y = centre(target)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 8)
    page.mouse.move(to_x, to_y, steps=4)
    page.mouse.up()


def announced(page: Page) -> Locator:
    """Return what the board says to screen readers."""
    return page.locator('[data-part="speaker"]')
