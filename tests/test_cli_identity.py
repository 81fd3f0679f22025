from __future__ import annotations

import json
from pathlib import Path

import pytest

from orch_next.cli import main
from tests.sample import copy_sample


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_sample(tmp_path)


def run(root: Path, *argv: str) -> int:
    return main(["identity", *argv, "--orch-root", str(root)], {})


def test_an_identity_is_added_listed_and_removed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "add", "監査 花子", "--role", "AUDIT") == 0
    assert capsys.readouterr().out.startswith("orch_")
    assert run(root, "list", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["name"], found["role"], "token" in found) == ("監査 花子", "AUDIT", False)
    assert run(root, "remove", "監査 花子") == 0
    assert capsys.readouterr().out == "監査 花子 removed\n"
    assert run(root, "list") == 0
    assert capsys.readouterr().out == "name  role  created_at\n"


def test_a_name_is_given_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "add", "CMD", "--role", "CMD") == 0
    assert run(root, "add", "ＣＭＤ", "--role", "WORK") == 1
    assert capsys.readouterr().err.startswith("orch-next: there is already an identity named")


def test_who_is_not_there_cannot_be_removed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "remove", "誰か") == 1
    assert capsys.readouterr().err == "orch-next: there is no identity named '誰か'\n"
