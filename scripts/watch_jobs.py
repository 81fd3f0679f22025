"""Print what the dispatcher does, as a Socket.IO client hears it.

Usage: python scripts/watch_jobs.py [URL]; needs `pip install "python-socketio[client]"`.
With ORCH_AUTH=token, put a token into the environment variable ORCH_WATCH_TOKEN.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import socketio

SHOWN = (
    *("dispatcher_started", "dispatcher_stopped", "task_dispatched", "job_log", "job_finished"),
    *("lease_expired", "job_decided", "task_updated", "approval_updated"),
)


def show(event: str, payload: dict[str, Any]) -> None:
    """Print one event in one line."""
    if event not in SHOWN:
        return
    record = payload.get("job_id") or payload.get("id") or payload.get("coreId", "")
    row = payload.get("task") or payload.get("approval") or payload
    text = payload.get("line") or row.get("status") or payload.get("state", "")
    print(f"{event:<20} {record:<16} {text}", flush=True)


def main(url: str = "http://127.0.0.1:5001") -> None:
    """Listen until Ctrl-C."""
    client = socketio.Client()
    client.on("*", show)
    token = os.environ.get("ORCH_WATCH_TOKEN")
    client.connect(url, auth={"token": token} if token else None)
    try:
        client.wait()
    except KeyboardInterrupt:
        client.disconnect()


if __name__ == "__main__":
    main(*sys.argv[1:])
