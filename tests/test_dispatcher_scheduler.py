from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from orch_next.core.records import Task
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.scheduler import (
    Forecast,
    Reason,
    Situation,
    equals,
    explain,
    next_task,
    ready_tasks,
)

CORE = Core("WORK_AI_01", "WORK")


def task(
    task_id: str,
    status: str = "READY",
    owner: str = "WORK",
    notes: str = "-",
    due: str = "-",
    **more: Any,
) -> Any:
    cells = {"title": f"作業 {task_id}", "lock": "-", "lock_owner": "-", "lock_expires_at": "-"}
    return Task(
        id=task_id, status=status, owner=owner, notes=notes, due=due, artifact="-", **(cells | more)
    )


def taken(*tasks: Any, core: Any = CORE, **more: Any) -> Any:
    found = next_task(core, Situation(tasks, **more))
    return found and found.id


def codes(subject: Any, *others: Any, core: Any = CORE, **more: Any) -> Any:
    situation = Situation((subject, *others), **more)
    return [reason.code for reason in explain(subject, core, situation)]


def test_priority_then_due_then_file_order() -> None:
    tasks = [
        task("001", notes="priority=LOW"),
        task("002", due="2025-10-16"),
        task("003", due="2025-10-15T08:00:00Z"),
        task("004", due="2025-10-15"),
        task("005", notes="priority=HIGH・承認済み"),
        task("006", notes="priority=HIGH", due="2025-10-15"),
        task("007", notes="priority=CRITICAL・緊急"),
        task("008"),
        task("009"),
    ]
    order = [found.id for found in ready_tasks(CORE, Situation(tasks))]
    assert order == ["007", "006", "005", "003", "004", "002", "008", "009", "001"]
    assert taken(*tasks) == "007"


def test_forecasts_decide_among_equals_only() -> None:
    tasks = [
        task("001"),
        task("002"),
        task("003"),
        task("004"),
        task("005", notes="priority=HIGH"),
        task("006", due="2025-10-16"),
    ]
    forecasts = {
        "001": Forecast(0.501, 2_000.0),
        "002": Forecast(0.9, 9_000.0),
        "004": Forecast(0.499, 1_000.0),  # as likely as 001 in whole percents, and shorter
        "005": Forecast(0.1, 1.0),
        "006": Forecast(0.1, 1.0),
    }
    order = [found.id for found in ready_tasks(CORE, Situation(tasks, forecasts=forecasts))]
    assert order == ["005", "006", "002", "004", "001", "003"]
    assert taken(*tasks[:4], forecasts=forecasts) == "002"
    assert taken(*tasks[:4]) == "001"


def test_equals_share_priority_and_due_and_can_all_be_taken() -> None:
    tasks = [
        task("001"),
        task("002", due="2025-10-16"),
        task("003"),
        task("004", notes="priority=HIGH"),
        task("005", notes="priority=HIGH"),
        task("006", status="DONE"),
        task("007", due="2025-10-16", notes="depends=001"),
    ]
    assert equals(CORE, Situation(tasks, pending={"005": "A001"})) == ["001", "003"]
    assert equals(CORE, Situation(tasks[:2])) == []


def test_next_is_the_head_of_the_order_for_any_board() -> None:
    chance, met = random.Random(4), 0
    for _ in range(300):
        tasks = [random_task(chance, number) for number in range(chance.randrange(12))]
        forecasts = {"3": Forecast(chance.random(), 9.0), "4": Forecast(0.5, 9.0)}
        situation = Situation(tasks, failures={"1": 3}, pending={"2": "A001"}, forecasts=forecasts)
        order = list(ready_tasks(CORE, situation))
        assert next_task(CORE, situation) == (order[0] if order else None)
        unexplained = [one for one in tasks if not explain(one, CORE, situation)]
        assert sorted(order, key=tasks.index) == unexplained
        met += len(order)
    assert met > 100


def random_task(chance: Any, number: int) -> Any:
    return task(
        str(number),
        status=chance.choice(["READY", "READY", "READY", "DONE", "DOING"]),
        owner=chance.choice(["WORK", "WORK_AI_01", "CMD"]),
        notes=chance.choice(["-", "priority=HIGH", f"depends={chance.randrange(12)}"]),
        due=chance.choice(["-", "2025-10-15", "2025-10-14T01:00:00Z"]),
    )


def test_an_owner_fits_by_role_or_by_the_cores_own_id() -> None:
    assert taken(task("001", owner="WORK")) == "001"
    assert taken(task("001", owner="WORK_AI_01")) == "001"
    assert taken(task("001", owner="WORK_AI_02")) is None
    assert taken(task("001", owner="")) is None
    assert taken(task("001", owner="AUDIT"), core=Core("鬼", "AUDIT")) == "001"


def test_an_open_task_has_no_reason() -> None:
    assert codes(task("001")) == []


def test_each_hindrance_has_its_code() -> None:
    assert codes(task("001", status="PLAN")) == ["status"]
    assert codes(task("001", owner="CMD")) == ["owner"]
    assert codes(task("001", lock="CMD@2025-10-09T08:00:00Z")) == ["lease"]
    assert codes(task("001"), held={"001": "WORK_AI_02"}) == ["lease"]
    assert codes(task("001"), pending={"001": "A012"}) == ["approval"]
    assert codes(task("001"), failures={"001": 3}) == ["failures"]
    assert codes(task("001"), failures={"001": 2}) == []
    assert codes(task("001"), frozen="FREEZE=on in flags.md") == ["freeze"]
    assert codes(task("001"), held={"002": CORE.id}) == ["limit"]
    assert codes(task("001"), held={"002": CORE.id}, core=replace(CORE, limit=2)) == []
    assert codes(replace(task("001"), read_only=True)) == ["read_only"]
    assert codes(task("001"), task("001")) == ["duplicate"]


def test_a_dependency_must_be_done_and_is_named() -> None:
    subject = task("010", notes="depends=003,004,099,010")
    others = (task("003", status="DONE"), task("004", status="REVIEW"))
    assert explain(subject, CORE, Situation((subject, *others))) == [
        Reason("dependency", "004 is REVIEW, not DONE"),
        Reason("dependency", "099 is not in the ledger"),
        Reason("dependency", "010 depends on itself"),
    ]
    assert taken(subject, *others) is None


def test_without_a_core_owner_and_limit_are_left_out() -> None:
    assert codes(task("001", owner="CMD"), held={"002": CORE.id}, core=None) == []


def test_freeze_and_limit_stop_the_choice() -> None:
    assert taken(task("001"), frozen="FREEZE=on in flags.md") is None
    assert taken(task("001"), held={"002": CORE.id}) is None
