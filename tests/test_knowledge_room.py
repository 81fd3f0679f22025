"""The memory of one application: what runs beside it hears, records and ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orch_next.core.lease_terms import reported
from orch_next.events import Event, EventBus
from orch_next.knowledge.room import Knowledge, find_learner, open_knowledge
from tests.knowledge_desk import NOW
from tests.lease_desk import CORE, Desk, make_desk, row
from tests.patience import PATIENCE


def open_memory(desk: Desk, folder: Path, bus: EventBus | None = None) -> Knowledge:
    return open_knowledge(
        desk.board.journal.database,
        folder,
        now=lambda: NOW,
        bus=bus or EventBus(),
        learn=find_learner(),
    )


@contextmanager
def running(knowledge: Knowledge) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=knowledge.run, args=(stopping,))
    thread.start()
    yield
    stopping.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def until(condition: object, seconds: float = PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        threading.Event().wait(0.02)
    return False


def test_an_attempt_that_ends_is_recorded_without_a_question(tmp_path: Path) -> None:
    desk, bus = make_desk(tmp_path, row("001")), EventBus()
    knowledge = open_memory(desk, tmp_path, bus)
    with running(knowledge):
        lease = desk.leases.claim("001", CORE, started=True)
        desk.leases.report("001", lease.token, reported("REVIEW"))
        bus.publish(Event("job_finished", {"job_id": "001"}))
        assert until(lambda: knowledge.store.count() == 1)


@pytest.mark.parametrize(
    ("section", "runs"),
    [
        ({"auto_start": True}, True),
        ({}, False),
        ({"auto_start": True, "retrain_interval_hours": 0}, False),
    ],
)
def test_retraining_begins_by_itself_only_when_it_is_told_to(
    tmp_path: Path, section: dict[str, object], runs: bool
) -> None:
    desk = make_desk(tmp_path, row("001"))
    knowledge = open_memory(desk, tmp_path)
    (tmp_path / "config").mkdir()
    path = tmp_path / "config" / "monitoring.json"
    path.write_text(json.dumps({"ai_prediction": section}), encoding="utf-8")
    assert knowledge.retrain is not None
    with running(knowledge):
        planned = until(lambda: knowledge.retrain.next_run is not None, PATIENCE if runs else 0.3)
        assert planned is runs
    assert knowledge.retrain.next_run is None


def test_without_the_extra_there_is_no_learner(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001"))
    database = desk.board.journal.database
    memory = open_knowledge(database, tmp_path, now=lambda: NOW, bus=EventBus(), learn=None)
    assert (memory.learning, memory.retrain, memory.store.count()) == (None, None, 0)
