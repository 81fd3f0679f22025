from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from orch_next.migrate.facts import ABSENT, Fact, as_fact, look, tree_digest, tree_facts
from tests.moving import OLD_NS

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "記録.log"
    path.write_bytes(b"x" * 3_000_000)
    os.utime(path, ns=(OLD_NS, OLD_NS))
    counted: list[int] = []
    fact = look(path, counted.append)
    wanted = hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert (fact.kind, fact.size, fact.sha256, fact.mtime_ns, sum(counted)) == (
        *("file", 3_000_000, wanted, OLD_NS),
        3_000_000,
    )


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    kinds = [look(tmp_path / name).kind for name in ("none", "f/below", ".")]
    assert kinds == ["absent", "absent", "folder"]


@pytest.mark.parametrize("fact", [ABSENT, Fact("symlink", link="日本/語"), Fact("file", 3, "ab")])
def test_json_there_and_back(fact: Fact) -> None:
    assert as_fact(fact.as_json()) == fact


@pytest.mark.parametrize("value", [{"kind": "ghost"}, {"kind": "file", "color": "red"}, {}])
def test_json_of_something_else_is_refused(value: dict[str, str]) -> None:
    with pytest.raises((TypeError, ValueError)):
        as_fact(value)


def tree(root: Path) -> Path:
    (root / "data" / "migration" / "backups").mkdir(parents=True)
    (root / "a").write_bytes(b"x")
    (root / "empty").mkdir()
    return root


def test_the_frames_own_files_do_not_count(tmp_path: Path) -> None:
    root = tree(tmp_path)
    assert sorted(tree_facts(root)) == ["a", "empty"]
    (root / "data" / "orch.db").write_bytes(b"")
    assert sorted(tree_facts(root)) == ["a", "data", "data/orch.db", "empty"]


@POSIX
def test_the_digest_notices_content_mode_time_link_and_folder(tmp_path: Path) -> None:
    root = tree(tmp_path)
    seen = [tree_digest(root)]
    os.utime(root / "a", ns=(1, 1))
    seen.append(tree_digest(root))
    (root / "a").chmod(0o600)
    seen.append(tree_digest(root))
    (root / "l").symlink_to("a")
    seen.append(tree_digest(root))
    (root / "l").unlink()
    (root / "l").symlink_to("b")
    seen.append(tree_digest(root))
    (root / "empty").rmdir()
    seen.append(tree_digest(root))
    assert len(set(seen)) == 6
