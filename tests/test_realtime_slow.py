"""One client that reads nothing beside fifty that do, in each mode."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from tests.live_clients import edit_notes, post
from tests.patience import in_time, seconds_of
from tests.raw_clients import Crowd, RawClient, payload_of
from tests.servers import running_server

HEALTHY = 50
CHANGES = 120  # times 50 KB are 6 MB: more than the kernel holds for a client that sleeps
TEXT = "長いメモ" * 4_200


@pytest.mark.parametrize("mode", ["serve", "serve-threading", "serve-gevent"])
def test_a_slow_client_delays_nobody_and_its_stream_stays_intact(tmp_path: Path, mode: str) -> None:
    saved: dict[int, float] = {}
    bare: list[float] = []
    with running_server(tmp_path, mode) as server:
        slow = RawClient(server.port, receive_buffer=4096)
        with Crowd(server.port, HEALTHY, "task_updated") as crowd:
            edit_notes(server.orch_root, "003", TEXT)
            assert crowd.wait(1)
            first = crowd.arrivals[0][0][0]
            for n in range(1, CHANGES):
                verb = ("hold", "promote")[n % 2]
                bare.append(seconds_of(lambda: server.get("/health")))
                saved[first + n] = time.time()
                post(server.port, f"/api/tasks/{verb}", {"task_id": "003"})
                assert crowd.wait(n + 1 - 5)  # a few may be under way
            assert crowd.wait(CHANGES)
        late = [at - saved[seq] for heard in crowd.arrivals for seq, at in heard if seq in saved]
        slow.hurry()
        told: list[int] = []
        sizes: set[bool] = set()
        while len(told) < CHANGES:
            for text in slow.receive():
                payload = payload_of(text, "task_updated")
                if payload is not None:
                    told.append(payload["seq"])
                    sizes.add(payload["task"]["notes"] == TEXT)
        slow.sock.close()
    order = list(range(first, first + CHANGES))
    assert [[seq for seq, _ in heard] for heard in crowd.arrivals] == [order] * HEALTHY
    assert (told, sizes) == (order, {True})
    quick = in_time(statistics.median(late), 0.4, statistics.median(bare))
    assert (quick, in_time(max(late), 5.0, max(bare))) == (True, True), max(late)
