from __future__ import annotations

import queue

from orch_next.realtime.events import Event
from orch_next.realtime.hub import QUEUE_LIMIT, Hub, Item, Reset, Signal
from tests.live import make_event, make_hub, seqs


def sized(seq: int, size: int) -> Event:
    return Event(seq, "task_updated", {"seq": seq, "題": "x"}, size)


def test_since_gives_what_came_after_the_cursor() -> None:
    hub = make_hub(*map(make_event, range(1, 6)))
    assert [seqs(hub.since(n)) for n in (0, 3, 5)] == [[1, 2, 3, 4, 5], [4, 5], []]


def test_a_cursor_that_is_too_old_or_too_new_gets_a_reset() -> None:
    hub = make_hub(*map(make_event, range(5, 8)))
    assert [seqs(hub.since(n)) for n in (3, 4, 8)] == [
        [("reset", 7)],
        [5, 6, 7],
        [("reset", 7)],
    ]


def test_a_hub_keeps_the_last_events_only() -> None:
    hub = make_hub(keep=3)
    hub.deliver([make_event(n) for n in range(1, 6)])
    assert [seqs(hub.since(n)) for n in (1, 2)] == [[("reset", 5)], [3, 4, 5]]


def test_a_log_whose_events_are_gone_still_knows_its_number() -> None:
    hub = Hub(queue.Queue)
    hub.load([], 41)
    assert [seqs(hub.since(n)) for n in (40, 41, 42)] == [[("reset", 41)], [], [("reset", 41)]]


def test_an_event_is_delivered_once_and_in_order() -> None:
    hub, heard = make_hub(), []
    hub.listen(lambda item: heard.append(item))
    hub.deliver([make_event(1), make_event(2)])
    hub.deliver([make_event(2), make_event(3)])
    assert seqs(heard) == [1, 2, 3]


def test_a_stream_gets_the_missed_and_then_the_live_events() -> None:
    hub = make_hub(make_event(1), make_event(2))
    stream = hub.subscribe(since=1)
    hub.deliver([make_event(3)])
    assert [stream.get(0), stream.get(0), stream.get(0)] == [make_event(2), make_event(3), None]


def test_a_stream_that_does_not_read_gets_a_reset_and_little_memory() -> None:
    hub = make_hub()
    stream = hub.subscribe()
    hub.deliver([make_event(n) for n in range(1, QUEUE_LIMIT + 3)])
    items: list[Item | None] = [stream.get(0), stream.get(0), stream.get(0)]
    assert items == [Reset(QUEUE_LIMIT + 1), make_event(QUEUE_LIMIT + 2), None]


def test_more_missed_events_than_a_queue_holds_are_a_reset() -> None:
    hub = make_hub(*map(make_event, range(1, QUEUE_LIMIT + 10)))
    assert seqs(hub.catch_up(1)) == [("reset", QUEUE_LIMIT + 9)]


def test_an_event_that_stands_for_many_resets_everybody_and_all_older_cursors() -> None:
    hub = make_hub(make_event(1))
    heard: list[Item] = []
    hub.listen(lambda item: heard.append(item))
    hub.deliver([make_event(2, "ledger_changed", reset=True), make_event(3)])
    assert (seqs(heard), seqs(hub.since(1)), seqs(hub.since(2))) == (
        [("reset", 2), 3],
        [("reset", 3)],
        [3],
    )


def test_closing_ends_open_streams_and_those_that_come_later() -> None:
    hub = make_hub()
    before = hub.subscribe()
    hub.close()
    after = hub.subscribe()
    assert (before.get(1), before.closed, after.get(1), after.closed) == (None, True, None, True)


def test_a_stream_that_left_is_forgotten() -> None:
    hub = make_hub()
    stream = hub.subscribe()
    counts = [hub.streams]
    stream.close()
    assert [*counts, hub.streams] == [1, 0]


def test_a_signal_reaches_streams_has_no_number_and_is_not_kept() -> None:
    hub = make_hub(make_event(1))
    heard: list[Item] = []
    hub.listen(heard.append)
    stream = hub.subscribe()
    hub.signal("job_log", '{"line":"作業"}')
    assert (stream.get(1), hub.current, hub.since(0)) == (
        Signal("job_log", '{"line":"作業"}'),
        1,
        [make_event(1)],
    )
    assert (heard, hub.subscribe(0).get(1)) == ([], make_event(1))


def test_a_stream_that_is_behind_misses_signals_and_no_event() -> None:
    hub = make_hub()
    stream = hub.subscribe()
    hub.deliver([make_event(n) for n in range(1, QUEUE_LIMIT + 1)])
    hub.signal("job_log", "{}")
    assert [stream.get(1) for _ in range(QUEUE_LIMIT)] == list(map(make_event, range(1, 1001)))
    assert stream.get(0) is None


def test_a_hub_keeps_so_many_bytes_and_always_the_newest() -> None:
    hub = Hub(queue.Queue, keep_bytes=100)
    hub.deliver([sized(n, 41) for n in range(1, 9)])
    assert [seqs(hub.since(n)) for n in (5, 6)] == [[("reset", 8)], [7, 8]]
    hub.deliver([sized(9, 311)])
    assert [seqs(hub.since(n)) for n in (7, 8)] == [[("reset", 9)], [9]]
