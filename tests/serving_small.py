"""Commands that run `serving_app` under each server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import COMMANDS, Server, free_port, running_server

GREEN = ("eventlet", "gevent", "serve", "serve-gevent")
MODES = (*GREEN, "gthread", "serve-threading")

_SERVE = """
import os, sys
from orch_next.config import load_settings
from orch_next.serving import serve
sys.exit(serve(load_settings(os.environ), sys.argv[1], app_module="tests.serving_app"))
"""


def small_command(mode: str) -> list[str]:
    """Return the command of `COMMANDS` for the small app."""
    if mode.startswith("serve"):
        return [sys.executable, "-c", _SERVE, mode.partition("-")[2] or "eventlet"]
    words = list(COMMANDS[mode])
    if mode == "waitress":
        return [*words[:-1], "--call", "tests.serving_app:load"]
    return [word.replace("wsgi:app", "tests.serving_app:load()") for word in words]


@contextmanager
def small_server(folder: Path, mode: str, **env: str) -> Iterator[Server]:
    """Run the small app under one server."""
    port = free_port()
    environ = {"ORCH_PORT": str(port), **env}
    with running_server(folder, command=small_command(mode), env=environ, port=port) as server:
        yield server
