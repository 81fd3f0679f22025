"""Predictions decide among equal tasks where the configuration says so, and are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from orch_next.core.database import Database
from orch_next.dispatcher.control import Control
from orch_next.errors import BusyError
from orch_next.knowledge.documents import Library
from orch_next.knowledge.forecast import open_forecaster
from orch_next.knowledge.outcomes import parse_outcome
from orch_next.knowledge.store import KnowledgeStore
from tests.dispatch_desk import make_dispatch
from tests.knowledge_desk import NOW
from tests.lease_desk import row

CORE = "WORK_AI_01"
PULL = f"[cores.{CORE}]\nlimit = 2\n"
ROWS = row("001") + row("002") + row("003") + row("004", notes="priority=HIGH")
KNOWN = {"001": (0.2, 500.0), "002": (0.9, 7_000.0), "003": (0.9, 4_000.0), "004": (0.1, 1.0)}


class Oracle:
    """Foresees what it was told, and notes the questions."""

    def __init__(self, known: Mapping[str, tuple[float, float]]) -> None:
        self.known, self.asked = known, list[tuple[str, list[str]]]()

    def __call__(self, core: str, tasks: Sequence[str]) -> Mapping[str, tuple[float, float]]:
        self.asked.append((core, list(tasks)))
        return {one: self.known[one] for one in tasks if one in self.known}


def claimed(control: Control, count: int) -> list[str]:
    answers = [control.claim(CORE) for _ in range(count)]
    return [answer["task"]["id"] for answer in answers if answer]


def test_a_pull_core_is_given_the_likelier_then_the_shorter_of_equals(tmp_path: Path) -> None:
    oracle = Oracle(KNOWN)
    desk = make_dispatch(tmp_path, ROWS, PULL, predict=oracle)
    assert claimed(desk.control, 2) == ["004", "003"]
    # 004 has no equal, so that nothing was asked about it.
    assert oracle.asked == [(CORE, ["001", "002", "003"])] * 2


def test_a_session_asks_as_well(tmp_path: Path) -> None:
    desk = make_dispatch(tmp_path, ROWS, PULL, predict=Oracle(KNOWN))
    desk.control.start({"coreId": CORE})
    desk.control.step()
    assert {one["job_id"] for one in desk.control.held()} == {"004", "003"}
    desk.control.close()


def test_without_the_setting_the_files_order_decides(tmp_path: Path) -> None:
    desk = make_dispatch(tmp_path, ROWS, PULL)
    plan = desk.control.dry_run(CORE)["tasks"]
    assert [(one["task_id"], one["prediction"]) for one in plan] == [
        (name, None) for name in ("004", "001", "002", "003")
    ]
    assert desk.control.explain("001")["prediction"] is None
    assert claimed(desk.control, 2) == ["004", "001"]


def test_a_plan_and_an_explanation_say_that_a_prediction_decided(tmp_path: Path) -> None:
    desk = make_dispatch(tmp_path, ROWS, PULL, predict=Oracle(KNOWN))
    told = {
        "003": {
            "success_rate": 0.9,
            "execution_time_ms": 4_000.0,
            "place": 2,
            "place_without": 4,
            "decided": True,
        },
        "002": {
            "success_rate": 0.9,
            "execution_time_ms": 7_000.0,
            "place": 3,
            "place_without": 3,
            "decided": False,
        },
    }
    plan = desk.control.dry_run(CORE)["tasks"]
    assert [one["task_id"] for one in plan] == ["004", "003", "002", "001"]
    assert [one["taken"] for one in plan] == [True, True, False, False]
    assert [one["prediction"] for one in plan[:3]] == [None, told["003"], told["002"]]
    desk.control.start({"coreId": CORE})
    found = desk.control.explain("003")
    assert (found["reasons"], found["prediction"]) == ([], {"coreId": CORE, **told["003"]})
    assert desk.control.explain("004")["prediction"] is None
    desk.control.close()


def test_nothing_waits_for_a_prediction(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def busy(_core: str, _tasks: Sequence[str]) -> Mapping[str, tuple[float, float]]:
        raise BusyError("the database cannot be used")

    desk = make_dispatch(tmp_path, ROWS, PULL, predict=busy)
    assert claimed(desk.control, 2) == ["004", "001"]
    assert "without predictions: the database cannot be used" in caplog.text


def body(task_id: str, script: str, at: int, success: bool, seconds: float) -> dict[str, object]:
    return {
        "task_id": task_id,
        "operation_type": "dispatch",
        "success": success,
        "execution_time_ms": seconds * 1000,
        "ps1_parameters_used": {"script_name": script},
        "timestamp": f"2025-10-08T{at // 60:02}:{at % 60:02}:00Z",
    }


def test_a_forecast_is_that_of_the_tasks_script_else_of_the_core(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'data' / 'orch.db'}")
    store = KnowledgeStore(Library(database))
    for at in range(40):
        core_run = body(f"T{at % 20}", CORE, at, success=at % 2 == 0, seconds=10)
        script_run = body("報告", "報告.ps1", at, success=True, seconds=2)
        for one in (core_run, script_run):
            store.save_work_outcome(parse_outcome(one, NOW))
    store.save_work_outcome(parse_outcome(body("稀", "稀.ps1", 0, True, 1), NOW))
    found = open_forecaster(database).forecast(CORE, ["新", "T0", "T1", "報告", "稀"])
    assert {name: (round(p, 2), round(ms)) for name, (p, ms) in found.items()} == {
        "新": (0.5, 10_000),
        "T0": (0.64, 10_000),  # its two runs succeeded
        "T1": (0.36, 10_000),
        "報告": (1.0, 2_000),
    }
    assert open_forecaster(database).forecast("WORK_NEW", ["新"]) == {}


def test_the_last_script_of_many_tasks_is_known(tmp_path: Path) -> None:
    store = KnowledgeStore(Library(Database(f"sqlite:///{tmp_path / 'data' / 'orch.db'}")))
    for at, script in enumerate(("古.ps1", "新.ps1", "古.ps1", "新.ps1")):
        store.save_work_outcome(parse_outcome(body(f"{at // 2}", script, at, True, 1), NOW))
    names = [str(number) for number in range(1_200)]
    assert store.last_scripts(names) == {"0": "新.ps1", "1": "新.ps1"}
    assert store.last_scripts([]) == {}
