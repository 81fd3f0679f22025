"""Live events against real servers, in each of the modes that a deployment can choose."""

from __future__ import annotations

import json
import re
import socket
import time
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest

from tests.event_stream import EventSource
from tests.live_clients import edit_notes, listeners, post
from tests.patience import in_time, seconds_of, until
from tests.servers import Server, running_server

MODES = ("serve", "serve-threading", "serve-gevent", "eventlet", "gthread", "gevent")
ALL_TRANSPORTS = (["polling"], ["websocket"], ["polling", "websocket"])
BEAT_KEYS = (
    *("event", "timestamp", "cpu_percent", "mem_used_mb", "mem_total_mb"),
    *("disk_read_mb", "disk_write_mb", "net_sent_mb", "net_recv_mb"),
)
GREETING = {"message": "ORCHダッシュボードに接続されました"}


@pytest.fixture(scope="module", params=MODES)
def server(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(request.param)
    with running_server(folder, request.param) as running:
        yield running


def newest(server: Server) -> int:
    """Return the newest event's number, by asking with one that is far too high."""
    with EventSource(server.port, "/events", last_id=str(10**9)) as source:
        return int(source.wait(1)[0].last_id)


def test_an_outside_edit_reaches_every_client_once(server: Server) -> None:
    with (
        EventSource(server.port, "/events") as stream,
        listeners(server.port, *ALL_TRANSPORTS) as clients,
    ):
        before = newest(server)
        bare = seconds_of(lambda: server.get("/health"))
        saved = edit_notes(server.orch_root, "005", f"外部編集 {time.time()}")
        arrived = [client.wait(1, "task_updated") for client in clients]
        streamed = [(m.name, m.last_id) for m in stream.wait(1)]
        time.sleep(1.5)  # nothing more may come
        delays = [at - saved for c in clients for n, _, at in c.heard if n == "task_updated"]
        heard = [client.live() for client in clients]
        payloads = [client.payloads("task_updated") for client in clients]
    expected = [(before + 1, "task_updated", "005")]
    assert (arrived, heard, streamed) == (
        [True] * 3,
        [expected] * 3,
        [("task_updated", str(before + 1))],
    )
    assert payloads == [[json.loads(stream.named()[0].data)]] * 3
    assert in_time(max(delays), 2.0, bare)


def test_a_change_over_http_is_told_with_row_revision_and_author(server: Server) -> None:
    with listeners(server.port, ["websocket"]) as (client,):
        answer = post(server.port, "/api/tasks/hold", {"task_id": "003"})
        assert client.wait(1, "task_updated")
        payload = client.payloads("task_updated")[0]
    kept = {k: payload[k] for k in ("event", "kind", "id", "rev", "source", "change")}
    assert (kept, payload["task"]["status"], answer["success"]) == (
        {
            "event": "task_updated",
            "kind": "task",
            "id": "003",
            "rev": answer["rev"],
            "source": "http",
            "change": "task_held",
        },
        "HOLD",
        True,
    )


def test_a_client_that_comes_back_gets_what_it_missed(server: Server) -> None:
    before = newest(server)
    edit_notes(server.orch_root, "006", f"留守 {time.time()}")
    with EventSource(server.port, "/events", last_id=str(before)) as stream:
        missed = [(m.name, m.last_id) for m in stream.wait(1)]
    with listeners(server.port, *ALL_TRANSPORTS, since=before) as clients:
        assert all(client.wait(1, "task_updated") for client in clients)
        heard = [client.live() for client in clients]
    assert (missed, heard) == (
        [("task_updated", str(before + 1))],
        [[(before + 1, "task_updated", "006")]] * 3,
    )


def test_a_cursor_from_elsewhere_gets_a_reset(server: Server) -> None:
    with listeners(server.port, ["polling"], since=10**9) as (client,):
        assert client.wait(1, "reset")
        assert client.payloads("reset") == [{"seq": newest(server)}]


def test_the_greeting_and_the_four_answers(server: Server) -> None:
    names = ("dashboard_overview_update", "timeline_update", "heatmap_update", "task_flow_update")
    with listeners(server.port, ["websocket"]) as (client,):
        client.emit("request_dashboard_refresh")
        client.emit("request_task_flow_refresh")
        arrived = client.wait(4, *names)
        found = (client.payloads("status"), [len(client.payloads(name)) for name in names])
    assert (arrived, found) == (True, ([GREETING], [1, 1, 1, 1]))


@pytest.mark.parametrize("asked", ["", "keep-alive", "Keep-Alive", "close"])
def test_a_stream_has_at_most_one_connection_header(server: Server, asked: str) -> None:
    line = f"Connection: {asked}\r\n" if asked else ""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n{line}\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(4096)
    found = re.findall(rb"^connection: *(.*?)\r$", head.lower(), re.MULTILINE)
    assert found in ([], [b"keep-alive"], [b"close"])


def test_a_stream_has_the_headers_and_beats(server: Server) -> None:
    with EventSource(server.port, "/events") as stream:
        headers = stream.response.headers
        found = {n: headers[n] for n in ("Content-Type", "Cache-Control", "X-Accel-Buffering")}
        assert set(headers.get_all("Connection", ["keep-alive"])) <= {"keep-alive", "close"}
        until(lambda: stream.parser.messages)
        beat = json.loads(stream.parser.messages[0].data)
        retry = stream.parser.retry
    assert (found, retry, beat["event"], sorted(beat)) == (
        {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache",
            "X-Accel-Buffering": "no",
        },
        3000,
        "heartbeat",
        sorted(BEAT_KEYS),
    )


def test_a_job_stream_tells_the_status_at_once_and_when_it_changes(server: Server) -> None:
    with EventSource(server.port, "/jobs/007/events") as stream:
        first = stream.wait(1)[0]
        post(server.port, "/api/tasks/promote", {"task_id": "007"})
        post(server.port, "/api/tasks/hold", {"task_id": "007"})
        statuses = [json.loads(m.data)["status"] for m in stream.wait(3)]
    assert (first.name, statuses[1:]) == ("status", ["READY", "HOLD"])


def test_an_unknown_job_is_404(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.get("/jobs/%E3%81%AA%E3%81%97/events")
    assert (caught.value.code, json.loads(caught.value.read())) == (
        404,
        {"error": "Job not found"},
    )
