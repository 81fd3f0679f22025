"""Server-sent events: text that cannot be forged, and the three streams of contract 1.2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

import orjson

from orch_next.clock import utc_micros
from orch_next.realtime.hub import Holder, Hub, Item, Reset, Signal, Subscription

RETRY_MS = 3000
PING_SECONDS = 15.0
HEARTBEAT_SECONDS = 3.0
HEALTH_SECONDS = 5.0
# Sent at once, so that headers leave and a client knows that it is connected (D25).
GREETING = f": connected\nretry: {RETRY_MS}\n\n"
_LINE_END = re.compile(r"\r\n|\r|\n")
_NUMBER = re.compile(r"[0-9]+")
# No event has this number: a cursor at or above it is answered with a reset.
BEYOND = 10**18


def format_event(data: str, *, name: str = "", event_id: int | None = None) -> str:
    """Return one event's text; line ends inside `data` cannot end it or begin another."""
    lines = [f"id: {event_id}"] if event_id is not None else []
    lines += [f"event: {_LINE_END.sub(' ', name)}"] if name else []
    lines += [f"data: {line}" for line in _LINE_END.split(data)]
    return "\n".join(lines) + "\n\n"


def parse_cursor(text: str | None) -> int | None:
    """Return a `Last-Event-ID` as a number, at most `BEYOND`; None for none and for other text."""
    digits = (text or "").strip()
    if not _NUMBER.fullmatch(digits):
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) < len(str(BEYOND)) else BEYOND


@dataclass(frozen=True)
class Beat:
    """What a stream sends without a cause: every `seconds`, the message of `make`."""

    seconds: float
    make: Callable[[], str]


@dataclass
class Stream:
    """The life of one stream, iterated in the loop; `show` gives an item's text, or none."""

    hub: Hub
    since: int | None
    show: Callable[[Item], str]
    beat: Beat
    first: str = ""
    holder: Holder = None
    clock: Callable[[], float] = field(default=monotonic)

    def __iter__(self) -> Iterator[str]:
        yield GREETING
        if self.first:
            yield self.first
        subscription = self.hub.subscribe(self.since, self.holder)
        try:
            yield from self._live(subscription)
        finally:
            subscription.close()

    def _live(self, subscription: Subscription) -> Iterator[str]:
        beat_at = self.clock() + self.beat.seconds
        while not subscription.closed:
            item = subscription.get(max(0.0, beat_at - self.clock()))
            text = self.show(item) if item is not None else ""
            if text:
                yield text
            if not subscription.closed and self.clock() >= beat_at:
                beat_at += self.beat.seconds
                yield self.beat.make()


def show_all(item: Item) -> str:
    """Show every change under its name, and a reset (stream `/events`)."""
    if isinstance(item, Reset):
        return format_event(item.data, name="reset", event_id=item.seq)
    if isinstance(item, Signal):
        return format_event(item.data, name=item.name)
    return format_event(item.data, name=item.name, event_id=item.seq)


def show_nothing(_item: Item) -> str:
    """Show no changes (stream `/events/health`)."""
    return ""


class JobStatus:
    """Shows one task's status when it differs from the one shown last (`/jobs/<id>/events`).

    `status` is the present one. A client that comes back has seen an older one, so its
    first event is shown in any case; after a reset it gets the present one.
    """

    def __init__(self, job_id: str, status: str, *, now: Callable[[], datetime]) -> None:
        self._id, self._now = job_id, now
        self._status: str | None = status
        self._shown: str | None = None

    def first(self, seq: int) -> str:
        """Show the present status, numbered by the newest event."""
        self._shown = self._status
        data = {"id": self._id, "status": self._status, "timestamp": utc_micros(self._now())}
        return format_event(_json(data), name="status", event_id=seq)

    def show(self, item: Item) -> str:
        """Show an event of this task; other events and unchanged statuses give nothing."""
        if isinstance(item, Reset):
            return show_all(item) + (self.first(item.seq) if self._status is not None else "")
        if isinstance(item, Signal) or (item.kind, item.record_id) != ("task", self._id):
            return ""
        return self._show_row(item.seq, item.payload.get("task"))

    def _show_row(self, seq: int, row: Mapping[str, Any] | None) -> str:
        self._status = None if row is None else row["status"] or "UNKNOWN"
        if self._status is None:
            self._shown = None
            return format_problem("Job not found", event_id=seq)
        return "" if self._status == self._shown else self.first(seq)


def format_problem(message: str, *, event_id: int | None = None) -> str:
    """Return the event `error` with its message."""
    return format_event(_json({"error": message}), name="error", event_id=event_id)


def ping(now: Callable[[], datetime]) -> Beat:
    """Return the job stream's ping: every 15 s `{ts}`."""
    return Beat(PING_SECONDS, lambda: format_event(_json({"ts": utc_micros(now())}), name="ping"))


def heartbeat(reading: Callable[[], Mapping[str, Any]], now: Callable[[], datetime]) -> Beat:
    """Return the unnamed message of `/events`: every 3 s the host's figures."""

    def make() -> str:
        return format_event(
            _json({"event": "heartbeat", "timestamp": utc_micros(now()), **reading()})
        )

    return Beat(HEARTBEAT_SECONDS, make)


def health(now: Callable[[], datetime]) -> Beat:
    """Return the unnamed message of `/events/health`: every 5 s `{status: ok}`."""

    def make() -> str:
        at = utc_micros(now())
        return format_event(_json({"event": "health", "timestamp": at, "status": "ok"}))

    return Beat(HEALTH_SECONDS, make)


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
