"""WORKER: hands tasks to cores; knows neither Flask nor sockets."""

from __future__ import annotations

from orch_next.dispatcher.ports import dispatch_task, get_system_stats, monitor_loop

__all__ = ["dispatch_task", "get_system_stats", "monitor_loop"]
