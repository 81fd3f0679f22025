from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from orch_next.migrate.aim import aim, missing_folders
from orch_next.migrate.changes import Remove
from tests.moving import put


def codes(target: Path, *changes: object) -> list[tuple[str, str]]:
    found = aim(target, changes).findings  # type: ignore[arg-type]
    return [(finding.code, finding.severity) for finding in found]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "", "data/migration/journal.json", "a\0b"]
)
def test_a_path_that_is_not_below_the_target_is_refused(tmp_path: Path, path: str) -> None:
    assert codes(tmp_path, put(path)) == [("path-bad", "blocker")]


@pytest.mark.skipif(os.name == "posix", reason="names on Windows")
@pytest.mark.parametrize("path", ["C:\\MOC\\x", "a\\..\\..\\x", "C:x"])
def test_a_windows_path_is_refused(tmp_path: Path, path: str) -> None:
    assert codes(tmp_path, put(path)) == [("path-bad", "blocker")]


LINKS = pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")


@LINKS
def test_links_out_of_the_target_are_refused(tmp_path: Path) -> None:
    target = (tmp_path / "next").resolve()
    target.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (target / "ORCH").symlink_to(tmp_path / "elsewhere")
    (target / "T.md").symlink_to("../elsewhere/T.md")
    found = codes(target, put("ORCH/STATE/TASKS.md"), put("T.md"), put("fine"))
    assert found == [("link-escapes", "blocker")] * 2
    # the link itself may go: nothing behind it is touched
    assert codes(target, Remove(PurePosixPath("T.md"))) == []
    assert list((tmp_path / "elsewhere").iterdir()) == []


@LINKS
def test_links_inside_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "STATE").symlink_to("real")
    (tmp_path / "T.md").symlink_to("real/T.md")
    aims = aim(tmp_path.resolve(), (put("STATE/A.md"), put("T.md"), Remove(PurePosixPath("T.md"))))
    assert [one.path for one in aims.good] == ["real/A.md", "real/T.md", "T.md"]


@LINKS
def test_links_in_a_loop_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    found = codes(tmp_path.resolve(), put("a"))
    assert [severity for _, severity in found] == ["blocker"]


def test_obstacles_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    found = codes(tmp_path, put("folder"), put("file/x"), put("a"), put("a"), put("b"), put("b/c"))
    assert found == [
        ("not-a-file", "blocker"),
        ("not-a-folder", "blocker"),
        ("path-twice", "blocker"),
        ("path-nested", "blocker"),
    ]


def test_a_database_in_use_is_refused_unless_its_log_goes_too(tmp_path: Path) -> None:
    (tmp_path / "orch.db").write_bytes(b"old")
    (tmp_path / "orch.db-wal").write_bytes(b"frames")
    assert codes(tmp_path, put("orch.db")) == [("database-open", "blocker")]
    assert codes(tmp_path, put("orch.db"), Remove(PurePosixPath("orch.db-wal"))) == []
    (tmp_path / "orch.db-wal").write_bytes(b"")
    assert codes(tmp_path, put("orch.db")) == []


def test_missing_folders_are_listed_outermost_first(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    found = missing_folders(tmp_path, ["data/logs/2025/x", "config/a", "記録/b", "c"])
    assert found == ("config", "記録", "data/logs", "data/logs/2025")
