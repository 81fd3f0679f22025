"""Numbered events in memory: told to every listener in order, replayed to who comes back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from queue import Empty
from typing import Any

from orch_next.realtime.events import Event

KEEP = 10_000  # events that can be replayed
KEEP_BYTES = 32_000_000  # of JSON that they have together
QUEUE_LIMIT = 1_000  # events a stream may lag behind before it gets a reset


@dataclass(frozen=True)
class Reset:
    """The client's cursor cannot be served: read everything again, go on from `seq`."""

    seq: int

    @property
    def data(self) -> str:
        """Return the payload as JSON text."""
        return f'{{"seq":{self.seq}}}'


@dataclass(frozen=True)
class Signal:
    """What happens once and is never replayed, such as a line of a job's output.

    `data` is the payload as JSON text.
    """

    name: str
    data: str


Item = Event | Reset | Signal
Tell = Callable[[Item], None]
# Whose a stream or socket is: an identity, None in open mode.
Holder = Hashable | None
_CLOSED = object()


class Subscription:
    """One stream's queue; filled by the hub, read by the stream's own thread."""

    def __init__(self, hub: Hub, queue: Any, holder: Holder = None) -> None:
        self._hub = hub
        self._queue = queue
        self.holder = holder
        self.closed = False

    def put(self, item: Item) -> None:
        """Queue one item; a reader that is too far behind gets a `Reset` instead, or no signal."""
        if self._queue.qsize() >= QUEUE_LIMIT:
            if isinstance(item, Signal):
                return
            self._drain()
            item = Reset(item.seq)
        self._queue.put(item)

    def end(self) -> None:
        """Wake the reader for the last time."""
        self._queue.put(_CLOSED)

    def get(self, timeout: float) -> Item | None:
        """Return the next item, or None after `timeout` seconds or when it is over."""
        if self.closed:
            return None
        try:
            item = self._queue.get(timeout=timeout)
        except Empty:
            return None
        if item is _CLOSED:
            self.closed = True
            return None
        found: Item = item
        return found

    def close(self) -> None:
        """Leave the hub."""
        self._hub.leave(self)

    def _drain(self) -> None:
        try:
            while True:
                self._queue.get(block=False)
        except Empty:
            return


class Hub:
    """The last events and those who listen; everything but `current` belongs to the loop."""

    def __init__(
        self, make_queue: Callable[[], Any], *, keep: int = KEEP, keep_bytes: int = KEEP_BYTES
    ) -> None:
        self._make_queue = make_queue
        self._keep, self._keep_bytes = keep, keep_bytes
        self._ring: deque[Event] = deque()
        self._size = 0
        self._subscriptions: set[Subscription] = set()
        self._listeners: list[Tell] = []
        self._lock = threading.RLock()
        self._floor = 0  # cursors below it cannot be replayed
        self.current = 0
        self.closed = False

    def load(self, events: Sequence[Event], newest: int, floor: int | None = None) -> None:
        """Take over what the journal has kept, before anybody is served.

        Cursors below `floor` cannot be replayed; without it those before the first event.
        """
        with self._lock:
            self.current = newest
            self._floor = newest if not events else events[0].seq - 1
            self._floor = self._floor if floor is None else floor
            for event in events:
                self._remember(event)

    def deliver(self, events: Sequence[Event]) -> None:
        """Tell every listener and stream, in order; what was told already is skipped."""
        with self._lock:
            for event in events:
                if event.seq > self.current:
                    self._remember(event)
                    self._tell(Reset(event.seq) if event.resets else event)

    def signal(self, name: str, data: str) -> None:
        """Tell every stream something that has no number and is not kept."""
        with self._lock:
            for subscription in self._subscriptions:
                subscription.put(Signal(name, data))

    def since(self, seq: int) -> list[Item]:
        """Return what a client with this cursor missed: the events, or one `Reset`.

        A cursor is beyond replay when it is older than what is kept, or newer than the
        newest number (it comes from another database).
        """
        with self._lock:
            if not self._floor <= seq <= self.current:
                return [Reset(self.current)]
            missed = sum(1 for _ in self._newer(seq))
            return list(islice(self._ring, len(self._ring) - missed, None))

    def catch_up(self, since: int) -> list[Item]:
        """Return what was missed, or one `Reset` when that is more than a queue holds."""
        missed = self.since(since)
        return missed if len(missed) < QUEUE_LIMIT else [Reset(self.current)]

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold events back while a client is caught up and joins the others."""
        with self._lock:
            yield

    def listen(self, tell: Tell) -> None:
        """Call `tell` for every item from now on; it must not block."""
        self._listeners.append(tell)

    def subscribe(self, since: int | None = None, holder: Holder = None) -> Subscription:
        """Open a stream that begins with what was missed since the cursor, if there is one."""
        subscription = Subscription(self, self._make_queue(), holder)
        with self._lock:
            for item in [] if since is None else self.catch_up(since):
                subscription.put(item)
            self._subscriptions.add(subscription)
            if self.closed:
                subscription.end()
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Forget a stream."""
        with self._lock:
            self._subscriptions.discard(subscription)

    @property
    def holders(self) -> set[Holder]:
        """Return whose streams are open; for any thread."""
        with self._lock:
            return {one.holder for one in self._subscriptions if one.holder is not None}

    def end_streams(self, fallen: Container[Holder]) -> None:
        """End the streams of these holders."""
        with self._lock:
            for subscription in self._subscriptions:
                if subscription.holder in fallen:
                    subscription.end()

    @property
    def streams(self) -> int:
        """Return how many streams are open."""
        return len(self._subscriptions)

    def close(self) -> None:
        """End every stream, now and later."""
        with self._lock:
            self.closed = True
            for subscription in self._subscriptions:
                subscription.end()

    def _newer(self, seq: int) -> Iterator[Event]:
        for event in reversed(self._ring):
            if event.seq <= seq:
                return
            yield event

    def _remember(self, event: Event) -> None:
        if event.resets:
            self._ring.clear()
            self._floor, self._size = event.seq, 0
        self._ring.append(event)
        self._size += event.size
        self.current = event.seq
        while len(self._ring) > self._keep or (
            self._size > self._keep_bytes and len(self._ring) > 1
        ):
            oldest = self._ring.popleft()
            self._floor, self._size = oldest.seq, self._size - oldest.size

    def _tell(self, item: Item) -> None:
        for subscription in self._subscriptions:
            subscription.put(item)
        for tell in self._listeners:
            tell(item)
