from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.ledger.merge import is_merging


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "MOC" / "ORCH" / "STATE" / "TASKS.md"
    path.parent.mkdir(parents=True)
    return path


def test_a_merge_in_the_enclosing_repository_is_seen(tmp_path: Path, ledger: Path) -> None:
    git = tmp_path / "MOC" / ".git"
    git.mkdir()
    assert not is_merging(ledger)
    (git / "MERGE_HEAD").write_text("0" * 40)
    assert is_merging(ledger)


@pytest.mark.parametrize("absolute", [True, False])
def test_a_worktrees_merge_is_seen(tmp_path: Path, ledger: Path, absolute: bool) -> None:
    real = tmp_path / "本体" / ".git" / "worktrees" / "MOC"
    real.mkdir(parents=True)
    pointer = str(real) if absolute else "../本体/.git/worktrees/MOC"
    (tmp_path / "MOC" / ".git").write_text(f"gitdir: {pointer}\n", encoding="utf-8")
    assert not is_merging(ledger)
    (real / "MERGE_HEAD").write_text("0" * 40)
    assert is_merging(ledger)


def test_only_the_nearest_repository_counts(tmp_path: Path, ledger: Path) -> None:
    (tmp_path / "MOC" / ".git").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "MERGE_HEAD").write_text("0" * 40)
    assert not is_merging(ledger)
