"""The files of deploy/: used by the real programs where those are, and told in the docs."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import socketio

from orch_next.config import Settings
from orch_next.runtime import CLOSING_SECONDS
from orch_next.serving.stopping import STOP_SECONDS
from tests.live_clients import leave
from tests.patience import PATIENCE, until
from tests.servers import PROJECT, copy_orch, free_port, running_server

DEPLOY = PROJECT / "deploy"
FILES = sorted(p for p in DEPLOY.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_operations_page_tells_every_file(path: Path) -> None:
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"`{path.relative_to(PROJECT).as_posix()}`" in page


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_settings_in_deployment_files_exist(path: Path) -> None:
    known = {f"ORCH_{field.name.upper()}" for field in fields(Settings)}
    named = set(re.findall(r"\bORCH_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert named
    assert named <= known


def test_gunicorn_configuration_is_accepted_and_serves(tmp_path: Path) -> None:
    port = free_port()
    with running_server(tmp_path, command=GUNICORN, env={"ORCH_PORT": str(port)}, port=port) as run:
        assert hears_greeting(run.url, "websocket")
    environ = {"ORCH_ROOT": str(copy_orch(tmp_path)), "PATH": ""}
    checked = subprocess.run(
        [*GUNICORN, "--check-config"], cwd=PROJECT, env=environ, timeout=PATIENCE
    )
    assert checked.returncode == 0


def number(pattern: str, *parts: str) -> float:
    """Return the number that a deployment file says."""
    return float(re.findall(pattern, PROJECT.joinpath(*parts).read_text(encoding="utf-8"))[0])


@pytest.mark.parametrize("path", ["gunicorn.conf.py", "deploy/gunicorn.conf.py"])
def test_each_one_waits_longer_than_what_it_waits_for(path: str) -> None:
    """Commands end before gunicorn gives up, it before systemd; nginx lets go before gunicorn."""
    graceful = number(r"(?m)^graceful_timeout = (\d+)", path)
    patience = number(r"(?m)^TimeoutStopSec=(\d+)", "deploy", "systemd", "orch-next@.service")
    assert CLOSING_SECONDS + STOP_SECONDS < graceful < patience
    idle = number(r"keepalive_timeout (\d+)s;", "deploy", "nginx", "orch-next.conf")
    assert idle < number(r"(?m)^keepalive = (\d+)", path)


def test_no_upstream_is_taken_out_for_one_broken_connection() -> None:
    site = (DEPLOY / "nginx" / "orch-next.conf").read_text(encoding="utf-8")
    servers = re.findall(r"server 127\.0\.0\.1:\d+(.*?);", site)
    assert servers == [" max_fails=0"] * 2


def test_what_the_settings_offer_is_in_the_image() -> None:
    """`ORCH_REDIS_URL` and `ORCH_DATABASE_URL` need drivers, which `all` installs."""
    config = configparser.ConfigParser()
    config.read(PROJECT / "setup.cfg", encoding="utf-8")
    wanted = config["options.extras_require"]["all"]
    assert re.findall(r"(?m)^(redis|psycopg\[binary\])", wanted) == ["psycopg[binary]", "redis"]
    assert "--built all" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def hears_greeting(url: str, transport: str) -> bool:
    heard: list[object] = []
    client = socketio.Client(reconnection=False)
    client.on("status", heard.append)
    client.connect(url, transports=[transport], wait_timeout=PATIENCE)
    until(lambda: heard)
    leave(client)
    return bool(heard)


@needs("systemd-analyze")
def test_systemd_unit_is_accepted(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / "orch-next@.service").read_text(encoding="utf-8")
    # systemd looks whether the program is there.
    unit = tmp_path / "orch-next@5001.service"
    unit.write_text(text.replace("/opt/orch-next/.venv/bin/gunicorn", sys.executable))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, timeout=PATIENCE
    )
    said = [line for line in verified.stderr.decode().splitlines() if "orch-next" in line]
    assert (verified.returncode, said) == (0, [])


def test_dockerfile_copies_what_exists_and_runs_without_root() -> None:
    """No image can be built here: only what the file names is checked."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (.+)$", text, re.M) for word in line.split()[:-1]]
    assert [name for name in copied if not (PROJECT / name).exists()] == []
    assert json.loads(re.findall(r"^CMD (.+)$", text, re.M)[-1]) == ["gunicorn", *GUNICORN[-2:]]
    assert text.index("\nUSER 1000\n") < text.index("\nCMD ")
