from __future__ import annotations

import json
from typing import Any

from orch_next.core.entries import as_entry
from orch_next.core.events import Change
from orch_next.realtime.events import Event, event_of, reset_at
from tests.live import make_change, task_row


def entry_of(change: Change, number: int = 7) -> dict[str, Any]:
    return {"id": number, **as_entry(change)}


def test_a_change_becomes_one_event_with_the_row_and_its_revision() -> None:
    event = event_of(entry_of(make_change()))
    assert (event.name, event.kind, event.record_id, event.rev, event.payload) == (
        "task_updated",
        "task",
        "001",
        "r2",
        {
            "seq": 7,
            "event": "task_updated",
            "kind": "task",
            "id": "001",
            "rev": "r2",
            "ts": "2025-10-09T03:04:05.678901Z",
            "change": "task_held",
            "source": "http",
            "actor": "金",
            "task": task_row("001"),
        },
    )


def test_a_removed_row_has_neither_revision_nor_row() -> None:
    event = event_of(entry_of(make_change(after=None)))
    assert (event.rev, event.payload["rev"], event.payload["task"]) == (None, None, None)


def test_an_event_carries_its_number_and_reads_back_as_json() -> None:
    event = event_of(entry_of(make_change(), 41))
    assert json.loads(event.data) == event.payload
    assert event.payload["seq"] == 41


def test_only_a_marked_event_resets() -> None:
    found = [Event(1, "ledger_changed", {}).resets, reset_at(1).resets]
    assert found == [False, True]
