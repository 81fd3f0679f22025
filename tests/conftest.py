"""Fixtures: an ORCH folder with a Japanese ledger (CRLF and BOM), an app over it, a client."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next import create_app
from orch_next.core.board import Board, open_board

# Here and nowhere else: Playwright can be started once in a process.
from tests.browser import browser

__all__ = ["browser"]

SAMPLES = Path(__file__).parent / "data" / "http"
NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what a command remembers of this account away from the developer's own."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state-home"))


@pytest.fixture
def orch_root(tmp_path: Path) -> Path:
    state = tmp_path / "ORCH" / "STATE"
    state.mkdir(parents=True)
    for path in SAMPLES.glob("*.md"):
        (state / path.name).write_bytes(path.read_bytes())
    tasks = state / "TASKS.md"
    tasks.write_bytes(b"\xef\xbb\xbf" + tasks.read_bytes().replace(b"\n", b"\r\n"))
    return state.parent


@pytest.fixture
def make_app(orch_root: Path) -> Callable[..., Flask]:
    def build(**settings: object) -> Flask:
        return create_app({"root": orch_root, **settings}, now=lambda: NOW)

    return build


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def now() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def ledger_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "moc" / "ORCH" / "STATE"
    return Path(shutil.copytree(SAMPLES.parent / "core", folder))


@pytest.fixture
def board(ledger_folder: Path, now: Callable[[], datetime]) -> Iterator[Board]:
    database = ledger_folder.parent.parent / "data" / "orch.db"
    opened = open_board(ledger_folder, f"sqlite:///{database}", now=now)
    yield opened
    opened.close()
