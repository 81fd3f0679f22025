"""A Redis that comes back from an older snapshot."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.fleet import needs_redis, redis_server
from tests.live_clients import listeners, post
from tests.servers import free_port, running_server


@pytest.mark.slow
@needs_redis
def test_a_change_that_the_snapshot_had_already_is_told_again(tmp_path: Path) -> None:
    """The row is HOLD in the snapshot, became READY after it, and is HOLD again."""
    port = free_port()
    with ExitStack() as stack:
        before = stack.enter_context(ExitStack())
        url = before.enter_context(redis_server(tmp_path, port))
        server = stack.enter_context(running_server(tmp_path, env={"ORCH_REDIS_URL": url}))
        (client,) = stack.enter_context(listeners(server.port, ["websocket"]))
        post(server.port, "/api/tasks/hold", {"task_id": "003"})
        assert client.wait(1, "task_updated")
        redis.Redis(port=port).save()
        post(server.port, "/api/tasks/promote", {"task_id": "003"})
        assert client.wait(2, "task_updated")
        before.close()
        stack.enter_context(redis_server(tmp_path, port))
        post(server.port, "/api/tasks/hold", {"task_id": "003"})
        # It is told within a second, or never.
        assert client.wait(3, "task_updated", timeout=10.0)
