from __future__ import annotations

import json
from pathlib import Path

import pytest

from orch_next.cli import main
from orch_next.core.strict import check_folder
from tests.conftest import NOW
from tests.git_repository import GitRepository
from tests.sample import copy_sample

LINES = (
    "TASKS.md merge=orch-ledger\nAPPROVALS.md merge=orch-ledger\nMILESTONES.md merge=orch-ledger\n"
)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "moc")
    copy_sample(made.folder)
    return made


def init(repository: GitRepository, *options: str) -> int:
    return main(["init", "--orch-root", str(repository.folder / "ORCH"), *options], {})


def attributes(repository: GitRepository) -> Path:
    return repository.folder / "ORCH" / "STATE" / ".gitattributes"


def test_it_installs_attributes_and_driver(repository: GitRepository) -> None:
    assert init(repository) == 0
    assert attributes(repository).read_text() == LINES
    command = repository.git("config", "--get", "merge.orch-ledger.driver")
    assert command.endswith("merge-ledger %O %A %B --marker-size %L --path %P\n")


def test_the_second_time_nothing_changes(
    repository: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    init(repository)
    config = (repository.folder / ".git" / "config").read_bytes()
    capsys.readouterr()
    assert init(repository, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "repository": str(repository.folder),
        "done": [],
    }
    assert (repository.folder / ".git" / "config").read_bytes() == config
    assert attributes(repository).read_text() == LINES


def test_lines_that_are_there_stay_with_their_line_end(repository: GitRepository) -> None:
    attributes(repository).write_bytes(b"*.md -text\r\nTASKS.md merge=orch-ledger")
    assert init(repository) == 0
    more = LINES.split("\n", 1)[1].replace("\n", "\r\n").encode()
    assert attributes(repository).read_bytes() == (
        b"*.md -text\r\nTASKS.md merge=orch-ledger\r\n" + more
    )


def test_attributes_that_overrule_ours_are_told(
    repository: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    info = repository.folder / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text("*.md merge=union\n")
    assert init(repository) == 1
    assert "overrule" in capsys.readouterr().err


def test_without_a_repository_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_sample(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert main(["init", "--orch-root", str(root)], {}) == 1
    assert "no git repository" in capsys.readouterr().out
    assert sorted(tmp_path.rglob("*")) == before


def test_new_makes_empty_ledgers_without_problems(tmp_path: Path) -> None:
    root = tmp_path / "新しい" / "ORCH"
    assert main(["init", "--new", "--orch-root", str(root)], {}) == 0
    assert check_folder(root / "STATE", root.parent, NOW) == []
    create = ["tasks", "create", "--title", "最初の作業", "--orch-root", str(root), "--json"]
    assert main(create, {}) == 0


def test_new_never_touches_a_folder_with_anything_in_it(tmp_path: Path) -> None:
    state = tmp_path / "ORCH" / "STATE"
    state.mkdir(parents=True)
    (state / "flags.md").write_text("FREEZE=on\n")
    assert main(["init", "--new", "--orch-root", str(state.parent)], {}) == 1
    assert [path.name for path in state.iterdir()] == ["flags.md"]
