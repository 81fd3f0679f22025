"""The stages of the suite, and the warm process that servers are forked from."""

from __future__ import annotations

import pytest

from tests.stages import HERE, MARKS, STAGES, STARTERS, group_of, marks_in, stage_of
from tests.warm import PROJECT


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("from tests.sample import REPOSITORY\n", set()),
        ("from tests.servers import PROJECT, free_port\n", set()),
        ("from tests.servers import Server, running_server\n", {"server"}),
        ("from tests.servers import (\n    Server,\n    start_server,\n)\n", {"server"}),
        ("from tests.browser import page, served\n", {"server", "browser"}),
        ("from tests.moving_kills import kill_everywhere\n", {"kill"}),
        ("pytestmark = pytest.mark.kill\n", {"kill"}),
        ("# from tests.servers import running_server\n", set()),
    ],
)
def test_what_a_file_imports_gives_its_marks(text: str, marks: set[str]) -> None:
    assert marks_in(text) == marks


def test_every_starter_is_there() -> None:
    wanted = {
        f"{module}.{name}" for module, names in STARTERS.items() for name in names if name != "*"
    }
    found = {
        f"{module}.{name}"
        for module, names in STARTERS.items()
        for name in names
        if f"def {name}(" in (PROJECT / f"{module.replace('.', '/')}.py").read_text("utf-8")
    }
    assert (wanted - found, MARKS.keys() - STARTERS.keys()) == (set(), set())


def test_every_file_belongs_to_one_stage() -> None:
    stages = {stage_of(path) for path in HERE.rglob("test_*.py")}
    assert stages == set(STAGES)


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        (
            "tests/test_browser_timeline.py::test_charts_are_told_in_words",
            "tests/test_browser_timeline.py",
        ),
        (
            "tests/test_serving_servers.py::test_x[serve-gevent]",
            "tests/test_serving_servers.py:serve-gevent",
        ),
        (
            "tests/test_security_live.py::test_x[主張-gthread]",
            "tests/test_security_live.py:gthread",
        ),
        ("tests/test_serving_servers.py::test_x", "tests/test_serving_servers.py"),
        ("tests/test_serving_app.py::test_x[serve]", "tests/test_serving_app.py::test_x[serve]"),
    ],
)
def test_tests_that_share_a_server_run_in_one_process(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group
