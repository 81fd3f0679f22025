"""Test tool: a reader whose connections break all the time."""

from __future__ import annotations

import threading
import time

from tests.event_stream import EventSource


class Reader:
    """Reads the stream in short connections that it breaks, and goes on behind its last id."""

    def __init__(self, port: int) -> None:
        self.port, self.seen, self.resets, self.connections = port, [0], 0, 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                self._read_a_bit()
            except (OSError, ValueError, EOFError):
                time.sleep(0.05)

    def _read_a_bit(self) -> None:
        with EventSource(self.port, "/events", last_id=str(self.seen[-1])) as source:
            self.connections += 1
            found = source.wait(1, timeout=0.1)
        for message in found:
            self.resets += message.name == "reset"
            self.seen.append(int(message.last_id))
