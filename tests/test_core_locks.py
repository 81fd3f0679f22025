from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.locks import HEARTBEAT, ROLE_STATUS, RoleFiles
from orch_next.errors import BusyError, DamagedError, LedgerError
from orch_next.storage.process_locks import locked

AT = datetime(2025, 10, 9, 8, 22, 18, tzinfo=timezone.utc)


def test_both_files_have_their_known_form(tmp_path: Path) -> None:
    files = RoleFiles(tmp_path)
    files.beat({"AUDIT": AT, "WORK": AT})
    files.set_statuses({"AUDIT": "idle", "CMD": "idle", "WORK": "in_progress"}, AT)
    assert (tmp_path / "LOCKS" / HEARTBEAT).read_bytes() == (
        b'{\n  "AUDIT": "2025-10-09T08:22:18Z",\n  "WORK": "2025-10-09T08:22:18Z"\n}\n'
    )
    assert json.loads((tmp_path / "LOCKS" / ROLE_STATUS).read_text()) == {
        "updated_at": "2025-10-09T08:22:18Z",
        "AUDIT": "idle",
        "CMD": "idle",
        "WORK": "in_progress",
    }


def test_others_keys_stay_and_an_equal_status_writes_nothing(tmp_path: Path) -> None:
    files = RoleFiles(tmp_path)
    path = tmp_path / "LOCKS" / ROLE_STATUS
    path.parent.mkdir()
    path.write_text('{"監視": "手動", "WORK": "idle"}', encoding="utf-8")
    files.set_statuses({"WORK": "idle"}, AT)
    assert path.read_text(encoding="utf-8") == '{"監視": "手動", "WORK": "idle"}'
    files.set_statuses({"WORK": "blocked"}, AT)
    assert files.read(ROLE_STATUS) == {
        "監視": "手動",
        "WORK": "blocked",
        "updated_at": "2025-10-09T08:22:18Z",
    }


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
def test_a_damaged_file_is_kept(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "LOCKS" / HEARTBEAT
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(DamagedError):
        RoleFiles(tmp_path).beat({"WORK": AT})
    assert path.read_bytes() == data


def test_eight_writers_lose_no_role(tmp_path: Path) -> None:
    moments = {f"ROLE{n}": AT + timedelta(seconds=n) for n in range(40)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda item: RoleFiles(tmp_path).beat(dict([item])), moments.items()))
    assert sorted(RoleFiles(tmp_path).read(HEARTBEAT)) == sorted(moments)


def test_a_file_held_elsewhere_is_busy(tmp_path: Path) -> None:
    (tmp_path / "LOCKS").mkdir()
    with locked(tmp_path / "LOCKS" / f".{HEARTBEAT}.lock", 1), pytest.raises(BusyError):
        RoleFiles(tmp_path, timeout=0.05).beat({"WORK": AT})


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "LOCKS").write_text("no folder")
    with pytest.raises(LedgerError):
        RoleFiles(tmp_path).beat({"WORK": AT})
