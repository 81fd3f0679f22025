"""The stamp of a repository: other after every move of a ref, the same when none moved."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orch_next.sensors.git.stamp import refs_stamp
from tests.repositories import Git, make_repository


@pytest.fixture
def git(tmp_path: Path) -> Git:
    made = make_repository(tmp_path / "倉庫")
    made.commit("最初", a_md="一\n")
    return made


MOVES: dict[str, Callable[[Git], object]] = {
    "commit": lambda git: git.commit("次", a_md="二\n"),
    "amend": lambda git: git("commit", "--quiet", "--amend", "-m", "直し"),
    "branch": lambda git: git("branch", "機能/窓"),
    "switch": lambda git: git("switch", "--quiet", "-c", "作業"),
    "tag": lambda git: git("tag", "v1"),
    "remote": lambda git: git("update-ref", "refs/remotes/origin/main", "HEAD"),
    "pack": lambda git: git("pack-refs", "--all"),
    "delete": lambda git: git("update-ref", "-d", "refs/heads/main"),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_moved_ref_is_seen(git: Git, name: str) -> None:
    before = refs_stamp(git.folder)
    MOVES[name](git)
    assert before is not None
    assert refs_stamp(git.folder) not in (None, before)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere ctime is the creation")
def test_a_setting_changed_under_the_same_size_and_time_is_seen(git: Git) -> None:
    config = git.folder / ".git" / "config"
    before, stamp = config.stat(), refs_stamp(git.folder)
    with config.open("r+b") as file:
        file.write(config.read_bytes().swapcase())
    os.utime(config, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert refs_stamp(git.folder) != stamp


def test_what_moves_no_ref_leaves_the_stamp(git: Git) -> None:
    before = refs_stamp(git.folder)
    (git.folder / "a.md").write_text("変更\n", encoding="utf-8")
    git("add", "a.md")
    git("log", "-1")
    assert refs_stamp(git.folder) == before


def test_every_one_of_many_quick_moves_is_seen(git: Git) -> None:
    stamps = set()
    for number in range(20):
        git("update-ref", "refs/heads/x", git.commit(f"{number}", a_md=str(number)))
        stamps.add(refs_stamp(git.folder))
    assert len(stamps) == 20


def test_a_linked_work_tree_sees_its_own_head_and_the_shared_refs(git: Git) -> None:
    linked = git.folder.parent / "別"
    git("worktree", "add", "--quiet", "-b", "別", str(linked))
    stamps = [refs_stamp(linked)]
    for move in (
        ("tag", "v1"),
        ("-C", str(linked), "switch", "--quiet", "-c", "新"),
    ):
        git(*move)
        stamps.append(refs_stamp(linked))
    assert len(set(stamps)) == 3
    assert None not in stamps


def test_where_it_cannot_be_known_git_is_asked(tmp_path: Path, git: Git) -> None:
    assert refs_stamp(tmp_path) is None
    (tmp_path / ".git").write_bytes(b"gitdir: \xff\n")
    assert refs_stamp(tmp_path) is None
    for number in range(20):
        (git.folder / ".git" / "refs" / "heads" / str(number)).touch()
    assert refs_stamp(git.folder) is not None
    assert refs_stamp(git.folder, 20) is None


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_among_the_refs_is_not_followed(git: Git) -> None:
    loop = git.folder / ".git" / "refs" / "heads" / "loop"
    loop.symlink_to(git.folder / ".git" / "refs", target_is_directory=True)
    stamp = refs_stamp(git.folder)
    assert stamp is not None
    assert [name for name, *_ in stamp if name.endswith("loop/heads")] == []
