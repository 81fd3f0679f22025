from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orch_next.cli import main
from orch_next.security import Identities
from tests.sample import clean_environ, copy_sample


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


def piped(root: Path, text: str, *argv: str) -> tuple[int, str, str]:
    """Run the command as a process of its own with a pipe as its input."""
    words = [sys.executable, "-m", "orch_next", "identity", *argv, "--orch-root", str(root)]
    done = subprocess.run(
        words,
        input=text.encode(),
        env=clean_environ(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def identities_at(root: Path) -> Identities:
    return Identities(f"sqlite:///{root.parent / 'data' / 'orch-next.db'}")


def test_a_password_comes_from_a_pipe_and_ends_sessions(root: Path) -> None:
    run(root, "add", "田中", "--role", "WORK")
    before = identities_at(root).get("田中")
    told = piped(root, "正しい馬の電池ホッチキス42\n", "password", "田中")
    found = identities_at(root).find_by_password("田中", "正しい馬の電池ホッチキス42")
    assert told == (0, "田中 has a new password; its sessions have ended\n", "")
    assert (before.generation, found and found.generation) == (0, 1)


def test_a_weak_password_changes_nothing(root: Path) -> None:
    run(root, "add", "田中", "--role", "WORK")
    status, _out, error = piped(root, "短い\n", "password", "田中")
    assert (status, error) == (1, "orch-next: a password has 12 to 1000 characters\n")
    assert identities_at(root).get("田中").generation == 0


def test_cores_are_listed_and_sessions_ended(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root, "add", "外注", "--role", "WORK", "--core", "Alice", "--core", "PMO_X")
    added = identities_at(root).get("外注").cores
    run(root, "cores", "外注", "Bob")
    run(root, "logout", "外注")
    told = capsys.readouterr().out.splitlines()[1:]
    found = identities_at(root).get("外注")
    assert told == ["外注 may speak as Bob", "the sessions of 外注 have ended"]
    assert (added, found.cores, found.generation) == (("Alice", "PMO_X"), ("Bob",), 1)


@pytest.mark.parametrize("verb", ["password", "cores", "logout"])
def test_nobody_is_changed_who_is_not_there(
    root: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert run(root, verb, "誰か") == 1
    assert capsys.readouterr().err == "orch-next: there is no identity named '誰か'\n"
