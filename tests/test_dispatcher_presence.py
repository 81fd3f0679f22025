from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orch_next.core.locks import RoleFiles
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.presence import Presence
from orch_next.dispatcher.sessions import DispatchRequest, Session
from tests.lease_desk import Turned


def session(core_id: str, *, integration: Any = True, problem: str = "") -> Any:
    core = Core(core_id, core_id.split("_")[0])
    request = DispatchRequest(core_id, integration=integration)
    return Session(core, request, pid=1, problem=problem)


def read(tmp_path: Path, name: str) -> Any:
    return json.loads((tmp_path / "LOCKS" / name).read_text(encoding="utf-8"))


def test_a_roles_status_is_that_of_its_busiest_core(tmp_path: Path) -> None:
    turned = Turned()
    presence = Presence(RoleFiles(tmp_path), turned.clock.now)
    sessions = [
        session("WORK_1"),
        session("WORK_2"),
        session("AUDIT_1", problem="コマンドがない"),
        session("CMD_1", integration=False),
    ]
    presence.show(sessions, {"WORK_2"}, 0.0)
    assert read(tmp_path, "role_status.json") == {
        "updated_at": "2025-10-09T08:00:00Z",
        "WORK": "in_progress",
        "AUDIT": "blocked",
    }
    assert sorted(read(tmp_path, "heartbeat.json")) == ["AUDIT", "WORK"]
    presence.show(sessions[:1], set(), 1.0)
    assert read(tmp_path, "role_status.json") == {
        "updated_at": "2025-10-09T08:00:00Z",
        "WORK": "idle",
        "AUDIT": "idle",
    }


def test_a_heartbeat_is_written_once_a_minute(tmp_path: Path) -> None:
    turned = Turned()
    presence = Presence(RoleFiles(tmp_path), turned.clock.now)
    stamps = []
    for at in (0.0, 59.0, 60.0, 61.0):
        turned.at = turned.at.replace(second=int(at) % 60, minute=int(at) // 60)
        presence.beat(["WORK"], at)
        stamps.append(read(tmp_path, "heartbeat.json")["WORK"])
    assert stamps == ["2025-10-09T08:00:00Z"] * 2 + ["2025-10-09T08:01:00Z"] * 2


def test_nothing_is_written_without_sessions(tmp_path: Path) -> None:
    Presence(RoleFiles(tmp_path), Turned().clock.now).show([], set(), 0.0)
    assert list(tmp_path.iterdir()) == []


def test_a_core_without_a_known_role_stands_in_neither_file(tmp_path: Path) -> None:
    presence = Presence(RoleFiles(tmp_path), Turned().clock.now)
    presence.show([session("--flag"), session("TEST_1", problem="止"), session("WORK_1")], set(), 0)
    assert set(read(tmp_path, "role_status.json")) == {"updated_at", "WORK"}
    assert set(read(tmp_path, "heartbeat.json")) == {"WORK"}
