from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from orch_next.cli import main
from orch_next.cli.doctor_places import check_database, check_port
from orch_next.cli.doctor_software import check_packages, check_python, read_requirements
from orch_next.cli.findings import fail, ok
from orch_next.core.database import Database
from tests.git_repository import GitRepository
from tests.sample import copy_sample

NOBODY = "0"  # the system picks a port that is free


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_sample(tmp_path)


def doctor(
    root: Path, capsys: pytest.CaptureFixture[str], **environ: str
) -> tuple[int, dict[str, list[str]]]:
    """Return the exit status, and the levels of each check."""
    arguments = ["doctor", "--json", "--orch-root", str(root)]
    status = main(arguments, {"ORCH_PORT": NOBODY, **environ})
    levels: dict[str, list[str]] = {}
    for finding in json.loads(capsys.readouterr().out):
        levels.setdefault(finding["name"], []).append(finding["level"])
    return status, levels


def test_a_fresh_sample_is_healthy_and_stays_as_it_is(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(root.parent.rglob("*"))
    names = ["python", "packages", "configuration", "ledgers", "lock", "merge driver"]
    names += ["database", "port", "exposure", "secrets", "rights"]
    assert doctor(root, capsys) == (0, {name: ["ok"] for name in names})
    assert sorted(root.parent.rglob("*")) == before


def test_lines_for_people_say_how_to_mend(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "STATE" / "TASKS.md"
    path.write_bytes(path.read_bytes() + b"\n<<<<<<< HEAD\n")
    assert main(["doctor", "--orch-root", str(root)], {"ORCH_PORT": NOBODY}) == 1
    (line,) = [x for x in capsys.readouterr().out.split("\n") if x.startswith("fail")]
    number = path.read_bytes().count(b"\n")
    assert line == (
        f"fail  ledgers: TASKS.md:{number}: a merge conflict's marker; mend: mend it in an editor"
    )


def test_a_bad_setting_is_told_and_ends_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, levels = doctor(root, capsys, ORCH_GOVERNANCE="wild")
    assert (status, levels["configuration"], "ledgers" in levels) == (1, ["fail"], False)


def test_problems_in_rows_are_a_warning(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "STATE" / "TASKS.md"
    path.write_bytes(path.read_bytes().replace(b"| REVIEW |", b"| WAITING |"))
    status, levels = doctor(root, capsys)
    assert (status, levels["ledgers"]) == (0, ["warn"])


def test_the_merge_driver_is_missed_until_init(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_sample(GitRepository(tmp_path / "moc").folder)
    assert doctor(root, capsys)[1]["merge driver"] == ["warn"]
    main(["init", "--orch-root", str(root)], {})
    capsys.readouterr()
    assert doctor(root, capsys)[1]["merge driver"] == ["ok"]
    (root / "STATE" / ".gitattributes").unlink()
    assert doctor(root, capsys)[1]["merge driver"] == ["warn"]


def test_a_driver_whose_program_is_gone_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = GitRepository(tmp_path / "moc")
    root = copy_sample(repository.folder)
    main(["init", "--orch-root", str(root)], {})
    repository.git("config", "merge.orch-ledger.driver", f"{tmp_path}/gone %O %A %B")
    capsys.readouterr()
    status, levels = doctor(root, capsys)
    assert (status, levels["merge driver"]) == (1, ["fail"])


def test_an_unfinished_merge_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = GitRepository(tmp_path / "moc")
    root = copy_sample(repository.folder)
    (repository.folder / ".git" / "MERGE_HEAD").write_text("0" * 40 + "\n")
    assert doctor(root, capsys)[1]["git merge"] == ["warn"]


def test_an_unfinished_rebase_is_told_with_its_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = GitRepository(tmp_path / "moc")
    root = copy_sample(repository.folder)
    (repository.folder / ".git" / "rebase-merge").mkdir()
    main(["doctor", "--orch-root", str(root)], {"ORCH_PORT": NOBODY})
    assert (
        "warn  git rebase: git rebase is not finished: nothing is written meanwhile; "
        "mend: finish it with git rebase --continue, or git rebase --abort"
    ) in capsys.readouterr().out.split("\n")


def test_a_database_in_the_repository_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = GitRepository(tmp_path / "moc")
    root = copy_sample(repository.folder)
    assert "git" not in doctor(root, capsys)[1]
    (root.parent / "data").mkdir(exist_ok=True)
    (root.parent / "data" / "記録.db").write_bytes(b"")
    repository.git("add", "-f", "data")
    assert doctor(root, capsys)[1]["git"] == ["warn"]


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_secrets_that_others_may_read_fail(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = root.parent / "config" / "secrets.json"
    secret.parent.mkdir()
    secret.write_text("{}")
    secret.chmod(0o644)
    assert doctor(root, capsys)[1]["secrets"] == ["fail"]
    secret.chmod(0o600)
    assert doctor(root, capsys)[1]["secrets"] == ["ok"]


def test_an_open_program_on_every_address_fails(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(root, capsys, ORCH_HOST="0.0.0.0")[1]["exposure"] == ["fail"]


def test_a_taken_port_is_a_warning() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert check_port("127.0.0.1", port).level == "warn"
    assert check_port("no-such-host.invalid", 5001).level == "fail"


def test_databases_are_opened_but_never_made(tmp_path: Path) -> None:
    path = tmp_path / "記録" / "orch.db"
    url = f"sqlite:///{path}"
    assert check_database(url) == ok("database", f"{path} will be made by the server")
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE one (id)")
    before = path.read_bytes()
    assert check_database(url) == ok("database", f"{path} is brought to schema 2 by the server")
    assert path.read_bytes() == before
    Database(url).open()
    assert check_database(url) == ok("database", f"{path} is sound, schema 2")
    path.write_bytes(b"not a database, but long enough to be looked at" * 99)
    assert check_database(url).level == "fail"
    assert check_database("nonsense://").level == "fail"


def test_versions_are_compared_as_numbers() -> None:
    assert check_python((3, 9, 18)).level == "fail"
    assert check_python(sys.version_info[:3]).level == "ok"
    assert list(check_packages(["flask>=3.1", "eventlet"])) == [
        ok("packages", "2 required packages are installed")
    ]
    assert [one.level for one in check_packages(["flask>=99.10"])] == ["fail"]
    both = ["flask<99,>=99.10", "flask>=3.1,<3.1", "flask<99,>=3.1"]
    assert [one.level for one in check_packages(both)] == ["fail", "fail"]
    assert list(check_packages(["no-such-package>=1"])) == [
        fail("packages", "no-such-package is not installed", 'pip install "no-such-package>=1"')
    ]
    absent = 'no-such-package>=1; sys_platform == "elsewhere"'
    assert [one.level for one in check_packages([absent])] == ["ok"]


def test_what_is_required_is_known() -> None:
    assert any(text.startswith("markdown-it-py") for text in read_requirements())
