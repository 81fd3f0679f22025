"""A dispatcher over a temporary ledger, with script cores that are real processes."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_next.core.board import Board, open_board
from orch_next.core.events import Change
from orch_next.core.lease_terms import LeaseRules
from orch_next.core.places import Place
from orch_next.dispatcher.build import Outside, make_control
from orch_next.dispatcher.control import Control
from orch_next.dispatcher.host import find_place
from orch_next.dispatcher.situation import Predict
from orch_next.events import EventBus
from tests.lease_desk import Turned, row, write_ledger
from tests.patience import PATIENCE

OK = "import sys; print('作業'); open('out.md','w').write('x'); print('ORCH_ARTIFACT=out.md')"
SLEEP = "import time; print('began', flush=True); time.sleep(60)"


def cores_toml(scripts: dict[str, str], *, allow: bool = True, more: str = "") -> str:
    """Name one command core per script; `more` goes into each table."""
    lines = [f"allow_commands_without_token = {str(allow).lower()}"]
    for core_id, code in scripts.items():
        command = ", ".join(f"'''{part}'''" for part in (sys.executable, "-c", code))
        lines.append(f'[cores.{core_id}]\nmode = "command"\ncommand = [{command}]')
        lines.append('environment = { PYTHONUTF8 = "1" }')
        lines.append(more)
    return "\n".join(lines)


@dataclass
class Dispatch:
    root: Path
    board: Board
    control: Control
    turned: Turned
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def until(self, done: Callable[[], Any], within: float = PATIENCE) -> None:
        end = time.monotonic() + within
        while not done():
            assert time.monotonic() < end, "it did not happen in time"
            self.control.step()
            time.sleep(0.01)
            self.turned.steady += 1  # every session is due at each step

    def statuses(self) -> dict[str, str]:
        return {task.id: task.status for task in self.board.state.tasks.records}

    def status(self, task_id: str) -> str:
        return self.board.state.tasks.get(task_id).status

    def heard(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.told if event == name]

    def edit(self, before: str, after: str, name: str = "TASKS.md") -> None:
        path = self.root / "ORCH" / "STATE" / name
        text = path.read_bytes().decode()
        assert before in text
        path.write_bytes(text.replace(before, after, 1).encode())


def open_dispatch(
    root: Path,
    turned: Turned | None = None,
    *,
    token_auth: bool = False,
    predict: Predict | None = None,
    place: Place | None = None,
    alone: bool = False,
    **rules: Any,
) -> Dispatch:
    turned, told = turned or Turned(), []
    numbers = itertools.count(1)
    bus = EventBus()
    board = open_board(
        root / "ORCH" / "STATE",
        f"sqlite:///{root / 'data' / 'orch.db'}",
        now=lambda: turned.at,
        bus=bus,
    )
    outside = Outside(
        clock=turned.clock,
        make_token=lambda: f"{os.getpid()}-{id(numbers)}-{next(numbers)}",
        tell=lambda name, data: told.append((name, data)),
        environ=os.environ,
        rules=LeaseRules(**rules),
        token_auth=token_auth,
        predict=predict,
        place=place or find_place(),
        alone=alone,
    )
    control = make_control(board, outside)
    bus.subscribe(Change, control.on_change)
    return Dispatch(root, board, control, turned, told)


def make_dispatch(
    root: Path, rows: str = "", cores: str = "", *, turned: Turned | None = None, **more: Any
) -> Dispatch:
    write_ledger(root, rows or row("001"))
    (root / "config").mkdir()
    (root / "config" / "cores.toml").write_text(cores, encoding="utf-8")
    return open_dispatch(root, turned, **more)
