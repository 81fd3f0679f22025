"""Git readings: correct with merges, renames and hostile names; hostile configuration is inert."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import NotFoundError
from orch_next.sensors.git.command import GitError, Repository, is_plain_ref
from orch_next.sensors.git.history import list_branches, read_commit, read_graph
from orch_next.sensors.git.parse import File, parse_log
from orch_next.sensors.programs import Result
from tests.repositories import Git, make_repository


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return make_repository(tmp_path / "倉庫")


def graph(git: Git, limit: int = 20, skip: int = 0) -> dict[str, Any]:
    return read_graph(Repository(git.folder), limit=limit, skip=skip)


def told(commits: list[dict[str, Any]]) -> list[tuple[str, str, list[Any]]]:
    return [(one["message"], one["branch"], one["files"]) for one in commits]


def test_a_merge_a_rename_and_pipes_in_a_subject(git: Git) -> None:
    git.commit("最初", a_md="一\n二\n三\n四\n五\n")
    git("switch", "--quiet", "-c", "作業")
    git("mv", "a.md", "b.md")
    git.commit("改名 | と | 線")
    git("switch", "--quiet", "main")
    git.commit("本線", c_md="x\ny\n")
    git("merge", "--quiet", "--no-ff", "-m", "統合", "作業")
    git("tag", "v1")
    found = graph(git)
    renamed = {"name": "b.md", "status": "renamed", "changes": 0, "old_name": "a.md"}
    assert told(found["commits"]) == [
        ("統合", "main", [renamed]),
        ("本線", "main", [{"name": "c.md", "status": "added", "changes": 2}]),
        ("改名 | と | 線", "作業", [renamed]),
        ("最初", "main", [{"name": "a.md", "status": "added", "changes": 5}]),
    ]
    merge, first = found["commits"][0], found["commits"][-1]
    assert (len(merge["parents"]), merge["refs"]) == (2, ["main", "tag: v1"])
    assert (first["author"], first["date"]) == ("作業 | AI", "2025-10-06 12:00:00 +0900")
    assert found["branches"] == [
        {"name": "main", "active": True, "type": "local"},
        {"name": "作業", "active": False, "type": "local"},
    ]


def test_pages(git: Git) -> None:
    for n in range(5):
        git.commit(f"変更 {n}", a_md=str(n))
    pages = [graph(git, 2, skip) for skip in (0, 2, 4, 6)]
    assert [[one["message"] for one in page["commits"]] for page in pages] == [
        ["変更 4", "変更 3"],
        ["変更 2", "変更 1"],
        ["変更 0"],
        [],
    ]
    assert [page["next_skip"] for page in pages] == [2, 4, None, None]


def test_a_commit_in_full(git: Git) -> None:
    git.commit("前", a_md="一\n", b_md="消える\n")
    (git.folder / "b.md").unlink()
    (git.folder / "絵.bin").write_bytes(b"\0\1\2")
    sha = git.commit("件名\n\n本文の一行目\n二行目 \x1e 記号", a_md="一\n二\n")
    expected = {
        "hash": sha,
        "message": "件名",
        "author": "作業 | AI",
        "email": "work@example.jp",
        "date": "Mon Oct 6 12:01:00 2025 +0900",
        "body": "件名\n\n本文の一行目\n二行目 \x1e 記号",
        "parents": [git("rev-parse", "HEAD~1").strip()],
        "files": [
            {"name": "a.md", "status": "modified", "changes": 1},
            {"name": "b.md", "status": "deleted", "changes": 1},
            {"name": "絵.bin", "status": "added", "changes": 0, "binary": True},
        ],
    }
    repository = Repository(git.folder)
    for ref in (sha, sha[:8], sha.upper()[:10], "main", "refs/heads/main", "HEAD"):
        assert read_commit(repository, ref) == expected


def test_remote_branches_lose_origin(git: Git, tmp_path: Path) -> None:
    sha = git.commit("最初", a_md="1")
    for name in ("origin/feature/窓", "upstream/main"):
        git("update-ref", f"refs/remotes/{name}", sha)
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/feature/窓")
    git("switch", "--quiet", "--detach")
    assert list_branches(Repository(git.folder)) == [
        {"name": "main", "active": False, "type": "local"},
        {"name": "feature/窓", "active": False, "type": "remote"},
        {"name": "upstream/main", "active": False, "type": "remote"},
    ]
    assert graph(git)["commits"][0]["branch"] == "HEAD"


def test_an_empty_repository(git: Git) -> None:
    assert graph(git) == {"branches": [], "commits": [], "next_skip": None}


HOSTILE = [
    *("", "-", "--output=侵入.txt", "-1", "--upload-pack=x", "main..HEAD", "HEAD^", "HEAD~1"),
    *(":/最初", "HEAD:a.md", "HEAD@{0}", "a\nb", "a\0b", "a b", "*", "x" * 5_000),
    *("../../etc/passwd", ".git", "refs/heads/../main", "deadbeef", "ffff", "main.lock", "\udcff"),
]


@pytest.mark.parametrize("ref", HOSTILE)
def test_a_hostile_or_unknown_ref_names_no_commit(git: Git, ref: str) -> None:
    git.commit("最初", a_md="1")
    before = sorted(path.name for path in git.folder.iterdir())
    with pytest.raises(NotFoundError):
        read_commit(Repository(git.folder), ref)
    assert sorted(path.name for path in git.folder.iterdir()) == before


@pytest.mark.parametrize("ref", ["main", "feature/窓-1", "v1.2", "a" * 40])
def test_names_of_refs(ref: str) -> None:
    assert is_plain_ref(ref)


@pytest.mark.parametrize("ref", [ref for ref in HOSTILE if ref not in ("deadbeef", "ffff")])
def test_what_is_an_option_or_an_expression_is_no_name(ref: str) -> None:
    assert not is_plain_ref(ref)


def test_options_end_before_what_others_named(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def run(arguments: list[str], **_limits: object) -> Result:
        asked.append(arguments)
        return Result(0, b"a" * 40 if "rev-parse" in arguments else b"", "")

    with pytest.raises(NotFoundError):
        read_commit(Repository(tmp_path, run), "窓")
    parsed, logged = asked
    assert parsed[-2:] == ["--end-of-options", "窓^{commit}"]
    assert logged[-3:] == ["--end-of-options", "a" * 40, "--"]


def test_a_hostile_configuration_runs_nothing(git: Git, tmp_path: Path) -> None:
    trap, hooks = tmp_path / "罠.sh", git.folder / "hooks"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\ncat\n", encoding="utf-8")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    git.commit("最初", a_md="1\n", _gitattributes="*.md diff=trap filter=trap\n")
    sha = git.commit("次", a_md="2\n")
    hooks.mkdir()
    (hooks / "post-index-change").symlink_to(trap)
    for name in (
        *("core.fsmonitor", "core.pager", "diff.external", "diff.trap.command"),
        *("diff.trap.textconv", "filter.trap.clean", "filter.trap.smudge", "gpg.program"),
        *("core.sshCommand", "core.editor", "pager.log", "credential.helper"),
    ):
        git("config", name, str(trap))
    git("config", "core.hooksPath", str(hooks))
    git("config", "log.showSignature", "true")
    git("config", "format.pretty", "format:%x00壊す")
    git("config", "color.ui", "always")
    repository = Repository(git.folder)
    assert read_commit(repository, sha)["files"][0]["changes"] == 2
    assert [one["message"] for one in graph(git)["commits"]] == ["次", "最初"]
    assert not (tmp_path / "sprung").exists()


def test_the_repository_of_a_parent_folder_is_not_ours(git: Git) -> None:
    git.commit("最初", a_md="1")
    inner = git.folder / "内"
    inner.mkdir()
    assert not Repository(inner).exists
    with pytest.raises(GitError):
        read_graph(Repository(inner), limit=1, skip=0)


def test_values_that_look_like_files_or_hashes_stay_values() -> None:
    hostile = f":100644 100644 {'a' * 40} {'b' * 40} M"
    output = "\0".join(["c" * 40, hostile, "1\t2\t三", "", "\n1\t0\tname", "", ""]).encode()
    entries = parse_log(output, 4)
    assert [(one.fields, one.files) for one in entries] == [
        (["c" * 40, hostile, "1\t2\t三", ""], [File("name", "modified", 1)])
    ]
