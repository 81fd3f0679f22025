from __future__ import annotations

import json

from orch_next.realtime.events import Event, draft_of, stored_event
from tests.live import make_change, task_row


def test_a_change_becomes_one_event_with_the_row_and_its_revision() -> None:
    draft = draft_of(make_change())
    assert (draft.name, draft.kind, draft.record_id, draft.rev, draft.payload) == (
        "task_updated",
        "task",
        "001",
        "r2",
        {
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
    draft = draft_of(make_change(after=None))
    assert (draft.rev, draft.payload["rev"], draft.payload["task"]) == (None, None, None)


def test_a_stored_event_carries_its_number_and_reads_back_as_json() -> None:
    event = stored_event(7, "task_updated", draft_of(make_change()).encoded())
    assert json.loads(event.data) == {"seq": 7, **draft_of(make_change()).payload}


def test_only_a_marked_event_resets() -> None:
    marked = Event(1, "ledger_changed", {"reset": True})
    assert [Event(1, "ledger_changed", {}).resets, marked.resets] == [False, True]
