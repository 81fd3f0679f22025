from __future__ import annotations

import re
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.ledger.temp import digest, keep_copy, sweep, write_temp
from orch_next.storage.disk import Disk

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
OLD, NEW = "旧".encode(), "新".encode()
KNOWN = f"{digest(OLD)[:16]}.{digest(NEW)[:16]}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "TASKS.md"
    file.write_bytes(OLD)
    return file


def names(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


def swept(path: Path) -> Path | None:
    return sweep(Disk(), path, NOW, time.monotonic())


def test_a_temporary_file_has_a_telling_name(path: Path) -> None:
    temp = write_temp(Disk(), path, NEW, (digest(OLD), digest(NEW)))
    assert temp.read_bytes() == NEW
    assert re.fullmatch(rf"\.TASKS\.md\.[0-9a-f]{{8}}\.{re.escape(KNOWN)}\.tmp", temp.name)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_a_temporary_file_has_the_targets_mode(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert write_temp(Disk(), path, NEW, (digest(OLD), digest(NEW))).stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize("name", ["0a1b2c3d.tmp", f"0a1b2c3d.{KNOWN}.tmp"])
@pytest.mark.parametrize("data", [OLD, NEW])
def test_what_a_dead_writer_left_is_removed(path: Path, name: str, data: bytes) -> None:
    path.with_name(f".TASKS.md.{name}").write_bytes(data)
    assert swept(path) is None
    assert names(path) == {"TASKS.md"}


def test_a_half_written_draft_is_removed(path: Path) -> None:
    path.with_name(".TASKS.md.0a1b2c3d.tmp").write_bytes(NEW[:1])
    assert swept(path) is None
    assert names(path) == {"TASKS.md"}


def test_a_save_that_a_dead_writer_had_displaced_is_kept(path: Path) -> None:
    path.with_name(f".TASKS.md.0a1b2c3d.{KNOWN}.tmp").write_bytes("編集".encode())
    copy = swept(path)
    assert copy == path.with_name("TASKS.md.conflict-20251009T030405Z-1")
    assert copy.read_text("utf-8") == "編集"
    assert names(path) == {"TASKS.md", copy.name}


@pytest.mark.parametrize("name", [".APPROVALS.md.0a1b2c3d.tmp", "TASKS.md.tmp", ".TASKS.md.swp"])
def test_other_files_are_left_alone(path: Path, name: str) -> None:
    path.with_name(name).write_bytes(b"x")
    assert swept(path) is None
    assert names(path) == {"TASKS.md", name}


def test_conflict_copies_never_overwrite_each_other(path: Path) -> None:
    for number in (1, 2, 3):
        temp = path.with_name("temp")
        temp.write_text(f"編集{number}", encoding="utf-8")
        copy = keep_copy(Disk(), temp, path, NOW)
        assert copy.name == f"TASKS.md.conflict-20251009T030405Z-{number}"
    assert copy.read_text("utf-8") == "編集3"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_read_only_file_is_not_replaced(path: Path) -> None:
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="the file is read-only"):
        write_temp(Disk(), path, b"new", ("a" * 64, "b" * 64))
    assert list(path.parent.iterdir()) == [path]
