"""The stages of the suite, and the warm process that servers are forked from."""

from __future__ import annotations

import pytest

from tests.stages import HERE, MARKS, STAGES, STARTERS, marks_in, stage_of
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
