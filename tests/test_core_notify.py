"""The webhook out: what is told, how often it is tried, and that it can be verified."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from orch_next.core.events import Change, Who
from orch_next.core.notify import DELAYS, MOST_WAITING, Notifier, make_post
from orch_next.events import Event, EventBus, WebhookEvent
from orch_next.security.signatures import is_signed, sign
from orch_next.storage.leader import FixedLeadership

NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
SECRET = "鍵-51c0"
TASK = {"id": "001", "title": "C:\\作業|監査", "status": "REVIEW"}
DECIDED = Change(
    kind="approval",
    event="approval_decided",
    record_id="A001",
    before={"appr_id": "A001", "task_id": "001", "status": "pending"},
    after={"appr_id": "A001", "task_id": "001", "status": "rejected"},
    rev_before="r1",
    rev_after="r2",
    at=NOW,
    who=Who("監査", "AUDIT"),
    details={"comment": "証拠が無い"},
)
MOVED = replace(
    DECIDED,
    kind="task",
    event="task_fix_requested",
    record_id="001",
    before=TASK,
    after={**TASK, "status": "FIX"},
    details={},
)


@dataclass
class Receiver:
    """Answers what it was told to, 200 behind that, and keeps what came."""

    answers: list[int | OSError] = field(default_factory=list)
    got: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)
    time: float = 0.0
    bus: EventBus = field(default_factory=EventBus)

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        self.got.append((json.loads(body), dict(headers)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, OSError):
            raise answer
        return answer

    def notifier(self, *, leads: bool = True) -> Notifier:
        leader = FixedLeadership(leads)
        return Notifier(self.post, lambda body: "", self.bus, leader, clock=lambda: self.time)


def test_a_decision_and_a_move_are_told_with_who_and_why() -> None:
    receiver = Receiver()
    notifier = receiver.notifier()
    receiver.bus.publish(DECIDED)
    receiver.bus.publish(MOVED)
    notifier.step()
    both = {"task_id": "001", "actor": "監査", "role": "AUDIT", "source": "http", "rev": "r2"}
    both["timestamp"] = "2025-10-09T03:04:05.678901Z"
    decided = {"event": "approval_decided", "kind": "approval", "id": "A001", **both}
    moved = {"event": "task_fix_requested", "kind": "task", "id": "001", **both}
    assert [body for body, _ in receiver.got] == [
        {**decided, "status": "rejected", "from_status": "pending", "comment": "証拠が無い"},
        {**moved, "status": "FIX", "from_status": "REVIEW", "comment": ""},
    ]
    keys = {headers["Idempotency-Key"] for _, headers in receiver.got}
    assert (len(keys), "X-Signature" in receiver.got[0][1]) == (2, False)


@pytest.mark.parametrize(
    "change",
    [
        replace(MOVED, after={**TASK, "title": "別名"}),
        replace(MOVED, after=None),
        replace(DECIDED, before=None, after={"status": "pending"}),
        replace(DECIDED, kind="milestone"),
    ],
)
def test_other_changes_are_not_told(change: Change) -> None:
    receiver = Receiver()
    notifier = receiver.notifier()
    receiver.bus.publish(change)
    notifier.step()
    assert receiver.got == []


def test_a_process_that_is_not_the_leader_tells_nothing() -> None:
    receiver = Receiver()
    notifier = receiver.notifier(leads=False)
    receiver.bus.publish(DECIDED)
    notifier.step()
    assert receiver.got == []


def test_of_events_only_a_decided_job_and_what_is_meant_for_the_webhook_are_told() -> None:
    receiver = Receiver()
    notifier = receiver.notifier()
    receiver.bus.publish(Event("job_started", {"job_id": "001"}))
    receiver.bus.publish(Event("job_decided", {"job_id": "001", "verdict": "DONE"}))
    receiver.bus.publish(WebhookEvent("alert_raised", {"kind": "alert", "id": "期限"}))
    notifier.step()
    assert [body for body, _ in receiver.got] == [
        {"event": "job_decided", "job_id": "001", "verdict": "DONE"},
        {"event": "alert_raised", "kind": "alert", "id": "期限"},
    ]


def test_a_failure_is_tried_again_under_the_same_key() -> None:
    receiver = Receiver([OSError("refused"), 503, 429, 500, 409])
    notifier = receiver.notifier()
    receiver.bus.publish(DECIDED)
    waits = []
    for _ in range(len(DELAYS) + 1):
        waits.append(notifier.step())
        receiver.time += waits[-1]
    assert tuple(waits) == (*DELAYS, 60.0)
    assert len(receiver.got) == len(DELAYS) + 1
    assert len({headers["Idempotency-Key"] for _, headers in receiver.got}) == 1


@pytest.mark.parametrize(("answers", "tries"), [([500] * 9, len(DELAYS) + 1), ([404], 1)])
def test_at_the_end_it_is_given_up(answers: list[int | OSError], tries: int) -> None:
    receiver = Receiver(answers)
    notifier = receiver.notifier()
    receiver.bus.publish(DECIDED)
    for _ in range(20):
        receiver.time += notifier.step()
    assert len(receiver.got) == tries


def test_a_message_that_waits_holds_up_no_other() -> None:
    receiver = Receiver([500])
    notifier = receiver.notifier()
    receiver.bus.publish(DECIDED)
    notifier.step()
    receiver.bus.publish(replace(MOVED, record_id="002"))
    notifier.step()
    assert [body["event"] for body, _ in receiver.got] == ["approval_decided", "task_fix_requested"]


def test_what_waits_is_bounded() -> None:
    receiver = Receiver()
    notifier = receiver.notifier()
    for _ in range(MOST_WAITING + 5):
        receiver.bus.publish(DECIDED)
    notifier.step()
    assert len(receiver.got) == MOST_WAITING


@contextmanager
def serving(status: int, got: list[tuple[bytes, str]]) -> Iterator[str]:
    """Serve one URL that answers `status`; yield it."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((body, self.headers["X-Signature"]))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_over_a_socket_the_signature_fits() -> None:
    got: list[tuple[bytes, str]] = []
    stopping = threading.Event()
    with serving(202, got) as url:
        bus, leader = EventBus(), FixedLeadership()
        notifier = Notifier(make_post(url), lambda body: sign(SECRET, body, NOW), bus, leader)
        bus.publish(DECIDED)
        assert notifier.step() > 0
        stopping.set()
        notifier.run(stopping)
    (body, header) = got[0]
    assert (len(got), is_signed(header, body, (SECRET,), NOW)) == (1, True)


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_redirect_is_an_answer_like_others(status: int) -> None:
    got: list[tuple[bytes, str]] = []
    with serving(status, got) as url:
        assert make_post(url)(b"{}", {"X-Signature": "x"}) == status
    assert len(got) == 1


def test_nobody_there_is_an_oserror() -> None:
    with serving(200, []) as url:
        pass
    with pytest.raises(OSError, match="refused"):
        make_post(url)(b"{}", {})


def moved_to(status: str, task_id: str = "001") -> Change:
    return replace(MOVED, record_id=task_id, after={**TASK, "status": status})


def test_a_later_state_waits_for_the_retry_of_an_earlier_one() -> None:
    receiver = Receiver([500, 200, 503])
    notifier = receiver.notifier()
    for change in (moved_to("HOLD"), moved_to("READY"), moved_to("PLAN", "作業 2"), DECIDED):
        receiver.bus.publish(change)
    waits = []
    for _ in range(3):
        waits.append(notifier.step())
        receiver.time += waits[-1]
    said = [(body["task_id"], body["status"]) for body, _ in receiver.got]
    assert said == [
        ("001", "HOLD"),
        ("作業 2", "PLAN"),
        ("001", "HOLD"),
        ("001", "HOLD"),
        ("001", "READY"),
        ("001", "rejected"),
    ]
    assert waits == [1.0, 5.0, 60.0]


def test_a_message_that_is_given_up_lets_the_next_one_go() -> None:
    receiver = Receiver([404])
    notifier = receiver.notifier()
    receiver.bus.publish(moved_to("HOLD"))
    receiver.bus.publish(moved_to("READY"))
    assert notifier.step() == 60.0
    assert [body["status"] for body, _ in receiver.got] == ["HOLD", "READY"]
