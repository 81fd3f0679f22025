"""Webhook out: tell another program of decisions and status changes, signed and with retries."""

from __future__ import annotations

import heapq
import http.client
import json
import logging
import threading
import urllib.error
import urllib.request
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from orch_next.clock import utc_micros
from orch_next.core.events import Change
from orch_next.events import Event, EventBus, WebhookEvent
from orch_next.storage.leader import Leadership

log = logging.getLogger(__name__)

# Seconds before the second to sixth try; behind the last one the message is given up.
DELAYS = (1.0, 5.0, 30.0, 120.0, 600.0)
TIMEOUT_SECONDS = 10.0
MOST_WAITING = 1_000
_IDLE_SECONDS = 60.0
# Answers that a later try may change; every other 4xx is final.
_TRY_AGAIN = (408, 409, 423, 425, 429)
_DECIDED = ("approved", "rejected")
# The one event of the dispatcher that the webhook tells as well.
JOB_DECIDED = "job_decided"

Post = Callable[[bytes, Mapping[str, str]], int]


@dataclass(frozen=True, order=True)
class Message:
    """A body on its way: due at a moment of the clock, in order of `number` when equal.

    Messages of one `topic` go out in their order: a later one waits for an earlier one.
    """

    due: float
    number: int
    topic: str = field(compare=False)
    body: bytes = field(compare=False)
    key: str = field(compare=False)
    tries: int = field(default=0, compare=False)


class Notifier:
    """Posts messages from one thread; `post` returns the HTTP status or raises OSError.

    `sign` returns the `X-Signature` of a body, empty for none. Messages wait in memory:
    what is not delivered when the program ends is lost, and logged. Where several
    processes hear the same change, the leader tells it.
    """

    def __init__(
        self,
        post: Post,
        sign: Callable[[bytes], str],
        bus: EventBus,
        leader: Leadership,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._post, self._sign, self._clock, self._leader = post, sign, clock, leader
        # The first message of each topic, by when it is due, and what waits behind it.
        self._first: list[Message] = []
        self._behind: dict[str, deque[Message]] = {}
        self._number = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        bus.subscribe(Change, self._hear_change)
        bus.subscribe(Event, self._hear_event)
        bus.subscribe(WebhookEvent, lambda event: self._send_soon(event.name, event.payload))

    def _hear_change(self, change: Change) -> None:
        """Send decisions and new statuses."""
        old, new = _status(change.before), _status(change.after)
        decided = change.kind == "approval" and new in _DECIDED
        moved = change.kind == "task" and new is not None
        if old != new and (decided or moved):
            self._send_soon(change.event, _payload(change, old))

    def _hear_event(self, event: Event) -> None:
        if event.name == JOB_DECIDED:
            self._send_soon(event.name, event.payload)

    def _send_soon(self, event: str, payload: Mapping[str, Any]) -> None:
        """Send `{"event": event, ...}` soon; for any thread, never waits."""
        if not self._leader.is_leader():
            return
        body = json.dumps({**payload, "event": event}, ensure_ascii=False).encode()
        with self._lock:
            if self._count() >= MOST_WAITING:
                log.error("webhook out: %s was dropped, %s messages wait", event, MOST_WAITING)
                return
            number = self._next_number()
            topic = _topic(payload)
            self._append(Message(self._clock(), number, topic, body, uuid.uuid4().hex))
        self._wake.set()

    def step(self) -> float:
        """Send what is due and return the seconds until something is again."""
        while True:
            with self._lock:
                if not self._first:
                    return _IDLE_SECONDS
                wait = self._first[0].due - self._clock()
                if wait > 0:
                    return wait
                message = heapq.heappop(self._first)
            again = self._send(message)
            with self._lock:
                self._go_on(message.topic, again)

    def run(self, stopping: threading.Event) -> None:
        """Step until `stopping` is set; for a thread of its own."""
        while not stopping.is_set():
            self._wake.wait(min(self.step(), 1.0))
            self._wake.clear()
        waiting = self._count()
        if waiting:
            log.error("webhook out: %s messages were not delivered", waiting)

    def _send(self, message: Message) -> Message | None:
        """Try once; return the message as it is tried again, None when it is over."""
        signature = self._sign(message.body)
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        headers |= {"X-Signature": signature} if signature else {}
        try:
            status = self._post(message.body, headers)
            said = f"HTTP {status}"
        except OSError as error:
            status, said = 0, str(error)
        if 200 <= status < 300:
            return None
        if message.tries >= len(DELAYS) or (400 <= status < 500 and status not in _TRY_AGAIN):
            log.error("webhook out: given up after %s tries: %s", message.tries + 1, said)
            return None
        log.warning("webhook out: %s; another try follows", said)
        due = self._clock() + DELAYS[message.tries]
        return replace(message, due=due, tries=message.tries + 1)

    def _append(self, message: Message) -> None:
        """Put a message behind those of its topic; the one that is being sent counts."""
        if message.topic in self._behind:
            self._behind[message.topic].append(message)
        else:
            self._behind[message.topic] = deque()
            heapq.heappush(self._first, message)

    def _go_on(self, topic: str, again: Message | None) -> None:
        """Let a topic's message be tried again, or the next one have its turn."""
        behind = self._behind[topic]
        if again is None and behind:
            again = behind.popleft()
        if again is None:
            del self._behind[topic]
        else:
            heapq.heappush(self._first, again)

    def _count(self) -> int:
        return len(self._first) + sum(map(len, self._behind.values()))

    def _next_number(self) -> int:
        self._number += 1
        return self._number


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without its body: it is an answer like others."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def make_post(url: str, timeout: float = TIMEOUT_SECONDS) -> Post:
    """Return a `Post` to an http(s) URL; errors of the network raise OSError."""
    opener = urllib.request.build_opener(_NoRedirect)

    def post(body: bytes, headers: Mapping[str, str]) -> int:
        request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310
        try:
            with opener.open(request, timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP answer: {error!r}") from error

    return post


def _topic(payload: Mapping[str, Any]) -> str:
    """Return what a message is about: its task, else the thing itself."""
    task = payload.get("task_id") or payload.get("job_id")
    return f"task {task}" if task else f"{payload.get('kind')} {payload.get('id')}"


def _status(row: Mapping[str, Any] | None) -> str | None:
    return None if row is None else row.get("status")


def _payload(change: Change, old: str | None) -> dict[str, Any]:
    row = change.after or {}
    return {
        "kind": change.kind,
        "id": change.record_id,
        "task_id": change.record_id if change.kind == "task" else row.get("task_id", ""),
        "status": row.get("status"),
        "from_status": old,
        "actor": change.who.actor,
        "role": change.who.role,
        "source": change.who.source,
        "comment": change.details.get("comment", ""),
        "rev": change.rev_after,
        "timestamp": utc_micros(change.at),
    }
