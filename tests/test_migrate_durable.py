from __future__ import annotations

import os
from pathlib import Path

import pytest

from orch_next.errors import MigrationError
from orch_next.migrate.durable import beside, put_in_place, remove, replace_text, write_new


def test_a_text_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "報告.md"
    replace_text(path, "一\r\n")
    replace_text(path, "二\udc8a\n")
    assert [p.name for p in path.parent.iterdir()] == ["報告.md"]
    assert path.read_bytes() == "二\\udc8a\n".encode()


def test_what_cannot_be_put_in_place_is_told_with_a_way_on(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    write_new(tmp_path / "staged", b"x")
    with pytest.raises(MigrationError, match=r"folder cannot be put in place: .*migrate rollback"):
        put_in_place(tmp_path / "staged", tmp_path / "folder")
    with pytest.raises(MigrationError, match="cannot be put in place"):
        remove(tmp_path / "folder")
    assert (tmp_path / "staged").read_bytes() == b"x"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_another_file_system_is_no_obstacle(tmp_path: Path) -> None:
    if Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    staged = Path(f"/dev/shm/orch-next-test-{os.getpid()}")
    place = tmp_path / ("長" * 80)
    beside(place).write_bytes(b"left by a kill")
    write_new(staged, b"x")
    os.utime(staged, ns=(7, 7))
    put_in_place(staged, place)
    assert (place.read_bytes(), place.stat().st_mtime_ns, staged.exists()) == (b"x", 7, False)
    assert [p.name for p in tmp_path.iterdir()] == [place.name]
