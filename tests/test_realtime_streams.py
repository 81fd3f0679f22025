from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_next.realtime.hub import Hub, Reset, Signal
from orch_next.realtime.streams import (
    BEYOND,
    GREETING,
    Beat,
    JobStatus,
    Stream,
    format_event,
    format_problem,
    health,
    heartbeat,
    parse_cursor,
    ping,
    show_all,
    show_nothing,
)
from tests.event_stream import Message, read_events
from tests.live import NOW, make_event, make_hub

HOSTILE = st.text(
    st.sampled_from("\r\n\u2028\u0085\x0b\x0c\x00: 日ﾊdeivnta") | st.characters(codec="utf-8")
)
TS = "2025-10-09T03:04:05.678901Z"


@given(HOSTILE, HOSTILE, st.integers(0, 10**17))
def test_no_text_can_forge_an_event(data: str, name: str, number: int) -> None:
    text = format_event(data, name=name, event_id=number)
    messages, last_id = read_events(text + "data: 次\n\n")
    expected = data.replace("\r\n", "\n").replace("\r", "\n")
    assert (messages[0].data, [m.data for m in messages[1:]], last_id) == (
        expected,
        ["次"],
        str(number),
    )


def test_a_number_is_the_only_cursor() -> None:
    odd = ["", "-1", "1.5", "١٢", "1_0", "0x1", "NaN", None]
    assert ([parse_cursor(text) for text in odd], parse_cursor(" 12 ")) == ([None] * 8, 12)


@pytest.mark.parametrize(
    "digits", ["1" + "0" * 18, "9223372036854775807", "9223372036854775808", "1" + "0" * 5000]
)
def test_a_number_that_no_event_has_is_a_cursor_all_the_same(digits: str) -> None:
    assert parse_cursor(digits) == BEYOND
    hub = make_hub()
    subscription = hub.subscribe(parse_cursor(digits))
    assert isinstance(subscription.get(0), Reset)


def test_zeros_before_a_number_do_not_make_it_large() -> None:
    assert parse_cursor("0" * 30 + "12") == 12


class Clock:
    """Seconds that pass only when the stream waits; each wait ends in a beat."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 0.5
        return self.time


def open_stream(hub: Hub, since: int | None = None, first: str = "") -> Iterator[str]:
    beat = Beat(1.0, lambda: "data: 拍\n\n")
    return iter(Stream(hub, since, show_all, beat, first, clock=Clock()))


def test_a_stream_greets_at_once_and_then_replays() -> None:
    hub = make_hub(make_event(1), make_event(2))
    stream = open_stream(hub, since=1)
    assert [next(stream), next(stream)] == [GREETING, show_all(make_event(2))]


def test_a_stream_beats_when_nothing_happens_and_tells_what_does() -> None:
    hub = make_hub()
    stream = open_stream(hub)
    found = [next(stream), next(stream)]
    hub.deliver([make_event(1)])
    assert [*found, next(stream)] == [GREETING, "data: 拍\n\n", show_all(make_event(1))]


def test_a_stream_ends_with_the_hub_and_leaves_it() -> None:
    hub = make_hub()
    stream = open_stream(hub)
    next(stream), next(stream)
    counts = [hub.streams]
    hub.close()
    assert (list(stream), [*counts, hub.streams]) == ([], [1, 0])


def test_a_stream_whose_client_went_away_is_forgotten() -> None:
    hub = make_hub()
    stream = open_stream(hub)
    next(stream), next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator, as the server closes it
    assert hub.streams == 0


def test_a_reset_says_where_to_go_on() -> None:
    assert read_events(show_all(Reset(9))) == ([Message("reset", '{"seq":9}', "9")], "9")


def test_a_job_shows_its_status_first_and_when_it_changes() -> None:
    job = JobStatus("001", "READY", now=lambda: NOW)
    shown = [
        job.first(4),
        job.show(make_event(5, task={"status": "READY"})),
        job.show(make_event(6, id="002", task={"status": "DOING"})),
        job.show(make_event(7, kind="approval", task={"status": "DOING"})),
        job.show(make_event(8, task={"status": ""})),
        job.show(make_event(9, task=None)),
        job.show(make_event(10, task={"status": ""})),
    ]

    def status(name: str, seq: int) -> str:
        data = {"id": "001", "status": name, "timestamp": TS}
        return f"id: {seq}\nevent: status\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"

    assert shown == [
        status("READY", 4),
        "",
        "",
        "",
        status("UNKNOWN", 8),
        format_problem("Job not found", event_id=9),
        status("UNKNOWN", 10),
    ]


def test_a_job_that_is_reset_shows_its_present_status() -> None:
    job = JobStatus("001", "READY", now=lambda: NOW)
    job.show(make_event(5, task={"status": "DOING"}))
    names = [(m.name, m.last_id) for m in read_events(job.show(Reset(6)))[0]]
    assert names == [("reset", "6"), ("status", "6")]


def test_the_beats_have_the_contracts_keys_and_no_number() -> None:
    figures = {"cpu_percent": 1.5, "mem_used_mb": 1}
    texts = [heartbeat(lambda: figures, lambda: NOW), ping(lambda: NOW), health(lambda: NOW)]
    found = [
        (m.name, json.loads(m.data), m.last_id) for b in texts for m in read_events(b.make())[0]
    ]
    assert (found, [beat.seconds for beat in texts], show_nothing(Reset(1))) == (
        [
            ("", {"event": "heartbeat", "timestamp": TS, **figures}, ""),
            ("ping", {"ts": TS}, ""),
            ("", {"event": "health", "timestamp": TS, "status": "ok"}, ""),
        ],
        [3.0, 15.0, 5.0],
        "",
    )


def test_a_signal_is_shown_without_a_number_and_is_no_status() -> None:
    signal = Signal("job_log", '{"line":"作業\\ndata: x"}')
    (message,), last_id = read_events(show_all(signal))
    assert (message.name, message.data, last_id) == ("job_log", signal.data, "")
    assert JobStatus("001", "DOING", now=lambda: NOW).show(signal) == ""
