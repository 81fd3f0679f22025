"""Test tool: what several processes need: a Redis of our own, and nginx with the shipped site."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.servers import PROJECT, free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
SITE = PROJECT / "deploy" / "nginx" / "orch-next.conf"

needs_redis = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed"
)
needs_nginx = pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed")


def wait_for_port(port: int) -> None:
    """Return when something listens on 127.0.0.1; `RuntimeError` when nothing does in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


@contextmanager
def redis_server(folder: Path, port: int = 0) -> Iterator[str]:
    """Run a Redis of our own that keeps nothing; give its URL."""
    port = port or free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for_port(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _configuration(
    folder: Path, port: int, upstreams: tuple[int, ...], edits: Mapping[str, str]
) -> str:
    text = SITE.read_text(encoding="utf-8")
    servers = "".join(f"server 127.0.0.1:{upstream} max_fails=0;\n" for upstream in upstreams)
    changes = {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "    server 127.0.0.1:5001 max_fails=0;\n": servers,
        **edits,
    }
    for old, new in changes.items():
        assert old in text, f"the site has no {old!r}"
        text = text.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"pid {folder}/nginx.pid;\ndaemon off;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{text}}}\n"
    )


@contextmanager
def nginx(folder: Path, *upstreams: int, edits: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run nginx with the shipped site before these ports, in the least frame; give its port.

    `edits` are what an administrator would change in the site.
    """
    port, path = free_port(), folder / "nginx.conf"
    path.write_text(_configuration(folder, port, upstreams, edits or {}), encoding="utf-8")
    words = [NGINX, "-c", str(path), "-p", str(folder)]
    checked = subprocess.run([*words, "-t"], capture_output=True, timeout=PATIENCE)
    assert checked.returncode == 0, checked.stderr.decode()
    process = subprocess.Popen(words)
    try:
        wait_for_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)
