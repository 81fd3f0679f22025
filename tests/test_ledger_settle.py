from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from orch_next.ledger.settle import read_settled
from orch_next.storage.disk import Disk
from tests.patience import PATIENCE

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")


class WithoutLease(Disk):
    def lease(self, fd: int) -> None:
        return None


@pytest.mark.parametrize("disk", [Disk(), WithoutLease()])
def test_a_closed_file_is_read_at_once(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "台帳.md"
    path.write_bytes(b"x" * (3 << 20))
    assert read_settled(disk, path, time.monotonic()) == (b"x" * (3 << 20), True)


@linux_only
def test_a_half_written_save_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "TASKS.md"
    editor = path.open("wb", buffering=0)
    editor.write("前半".encode())

    def finish() -> None:
        editor.write("後半".encode())
        editor.close()

    threading.Timer(0.05, finish).start()
    assert read_settled(Disk(), path, time.monotonic() + PATIENCE) == ("前半後半".encode(), True)


@linux_only
def test_an_editor_that_keeps_writing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "TASKS.md"
    with path.open("wb"):
        assert read_settled(Disk(), path, time.monotonic()) == (b"", False)
        assert read_settled(WithoutLease(), path, time.monotonic()) == (b"", True)


@linux_only
def test_a_writer_that_comes_during_a_read_only_waits(tmp_path: Path) -> None:
    path = tmp_path / "TASKS.md"
    path.write_bytes(b"old")
    fd = Disk().open_read(path)
    assert Disk().lease(fd) is True
    writer = threading.Thread(target=path.write_bytes, args=(b"new",))
    writer.start()
    writer.join(0.05)
    assert (writer.is_alive(), path.read_bytes()) == (True, b"old")
    Disk().close(fd)
    writer.join(PATIENCE)
    assert path.read_bytes() == b"new"
