"""The three streams over HTTP, without a server: what is answered, and how it begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from orch_next.realtime.streams import GREETING
from tests.event_stream import read_events


def first_texts(client: FlaskClient, path: str, count: int = 2, last_id: str = "") -> list[str]:
    """Return the first pieces of a stream, and leave it."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with client.get(path, headers=headers, buffered=False) as answer:
        pieces: Iterator[bytes] = iter(answer.response)  # type: ignore[arg-type]
        return [next(pieces).decode() for _ in range(count)]


@pytest.mark.parametrize("path", ["/events", "/sse/events", "/events/health", "/jobs/001/events"])
def test_every_stream_greets_at_once_with_its_headers(client: FlaskClient, path: str) -> None:
    with client.get(path, buffered=False) as answer:
        headers = {
            name: answer.headers[name]
            for name in ("Cache-Control", "Connection", "X-Accel-Buffering")
        }
        kind, first = answer.mimetype, next(iter(answer.response))
    assert (headers, kind, first) == (
        {"Cache-Control": "no-cache", "Connection": "keep-alive", "X-Accel-Buffering": "no"},
        "text/event-stream",
        GREETING.encode(),
    )


def test_a_job_begins_with_its_status(client: FlaskClient) -> None:
    task = client.get("/jobs").get_json()["items"][0]
    text = first_texts(client, f"/jobs/{task['id']}/events")[1]
    messages, last_id = read_events(text)
    assert (messages[0].name, last_id, f'"status":"{task["status"]}"' in messages[0].data) == (
        "status",
        "0",
        True,
    )


def test_a_cursor_from_another_database_gets_a_reset(client: FlaskClient) -> None:
    by_header = first_texts(client, "/events", last_id="7")[1]
    by_query = first_texts(client, "/events?last_event_id=7")[1]
    expected = 'id: 0\nevent: reset\ndata: {"seq":0}\n\n'
    assert (by_header, by_query) == (expected, expected)


def test_an_unknown_job_is_404(client: FlaskClient) -> None:
    answer = client.get("/jobs/なし/events")
    assert (answer.status_code, answer.get_json()) == (404, {"error": "Job not found"})


def test_damage_from_the_start_is_an_error_event(client: FlaskClient, orch_root: Path) -> None:
    (orch_root / "STATE" / "TASKS.md").write_bytes(b"\xff\xfe")
    message = read_events(first_texts(client, "/jobs/001/events")[1])[0][0]
    assert (message.name, message.data.startswith('{"error":"init: ')) == ("error", True)


def test_head_opens_no_stream(client: FlaskClient) -> None:
    answer = client.head("/events")
    assert (answer.status_code, answer.data) == (200, b"")
