"""Fixtures: an ORCH folder with a Japanese ledger (CRLF and BOM), an app over it, a client."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # ships no types

from orch_next import create_app
from orch_next.core.board import Board, open_board

# Here and nowhere else: Playwright can be started once in a process.
from tests.browser import browser, driver, full_browser
from tests.stages import STAGES, group_of, marks_of, stage_of

__all__ = ["browser", "driver", "full_browser"]

SAMPLES = Path(__file__).parent / "data" / "http"
SLOW_TIMEOUT = 600
NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stage", choices=STAGES, help="run the files of one stage only")


def pytest_configure(config: pytest.Config) -> None:
    # The stages run side by side: their servers must not meet (tests/servers.py).
    os.environ["PYTEST_STAGE"] = config.getoption("--stage") or ""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    stage = config.getoption("--stage")
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if stage and is_test and stage_of(collection_path) != stage else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in sorted(marks_of(item.path)):
            item.add_marker(name)
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Give tests that share a server to one process, and the others to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what a command remembers of this account away from the developer's own."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state-home"))


def copy_samples(moc_root: Path) -> Path:
    """Write the sample's ledgers below a MOC root, TASKS.md with CRLF and BOM; return ORCH."""
    state = moc_root / "ORCH" / "STATE"
    state.mkdir(parents=True)
    for path in SAMPLES.glob("*.md"):
        (state / path.name).write_bytes(path.read_bytes())
    tasks = state / "TASKS.md"
    tasks.write_bytes(b"\xef\xbb\xbf" + tasks.read_bytes().replace(b"\n", b"\r\n"))
    return state.parent


@pytest.fixture
def orch_root(tmp_path: Path) -> Path:
    return copy_samples(tmp_path)


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


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Return a client of one app for the tests that only read: building one takes 45 ms."""
    root = copy_samples(tmp_path_factory.mktemp("read"))
    return create_app({"root": root}, now=lambda: NOW).test_client()


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
