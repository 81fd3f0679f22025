"""The agents' registry: its file in both forms, its rules, and writers side by side."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.agents import (
    KEPT_REPORTS,
    MOST_AGENTS,
    MOST_REPORTS_BYTES,
    MOST_TAGS,
    Agents,
    parse_stamp,
)
from orch_next.errors import BusyError, DamagedError, InputError, NotFoundError, RuleError
from orch_next.storage.json_files import MOST_WRITTEN, JsonRecords, parse_json
from orch_next.storage.process_locks import locked

START = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
SEED = {
    "id": "AG-AUDIT",
    "name": "監査",
    "status": "active",
    "last_seen": "2025-10-09T03:03:00Z",
    "metadata": {"path": "C:\\作業\\監査", "温度": 0.7},
    "reports": [],
}


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    @property
    def stamp(self) -> str:
        local = self.at.astimezone().replace(tzinfo=None)
        return local.isoformat(timespec="microseconds")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "データ" / "agents_registry.json"


@pytest.fixture
def agents(path: Path, clock: Clock) -> Agents:
    return Agents(JsonRecords(path, "agents"), now=clock, offline_after=120)


def put(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def stored(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_missing_file_is_an_empty_registry_and_is_not_made(agents: Agents, path: Path) -> None:
    assert (agents.list_agents(), agents.remove("x"), path.exists()) == ([], 0, False)


def test_register_and_register_again(agents: Agents, clock: Clock) -> None:
    assert agents.register({"id": "AG-1", "name": "検証", "tags": ["qa"], "role": "WORK"}) == "AG-1"
    first = clock.stamp
    expected = {"id": "AG-1", "name": "検証", "status": "registered", "tags": ["qa"]}
    more = {"heartbeat_at": "", "reports": [], "role": "WORK", "online": False}
    assert agents.list_agents() == [{**expected, "updated_at": first, **more}]
    clock.at += timedelta(seconds=1)
    agents.register({"agent_id": "AG-1", "status": "inactive"})
    again = {"id": "AG-1", "name": "AG-1", "status": "inactive", "tags": []}
    assert agents.list_agents() == [{**again, "updated_at": clock.stamp, **more}]


def test_agents_without_an_id_get_one_each(agents: Agents) -> None:
    epoch = int(START.timestamp())
    made = [agents.register({}) for _ in range(3)]
    assert made == [f"agent-{epoch}", f"agent-{epoch}-2", f"agent-{epoch}-3"]


def test_a_heartbeat_makes_an_agent_and_keeps_it_online(agents: Agents, clock: Clock) -> None:
    agents.beat("AG-1")
    beaten = {"status": "active", "heartbeat_at": clock.stamp, "online": True}
    assert beaten.items() <= agents.list_agents()[0].items()
    clock.at += timedelta(seconds=120)
    assert agents.list_agents()[0]["online"] is True
    clock.at += timedelta(microseconds=1)
    assert {**beaten, "online": False}.items() <= agents.list_agents()[0].items()


def test_a_seeds_last_seen_counts_as_a_heartbeat(agents: Agents, path: Path, clock: Clock) -> None:
    put(path, {"agents": [SEED]})
    assert agents.list_agents()[0]["online"] is True
    clock.at += timedelta(minutes=5)
    assert agents.list_agents()[0]["online"] is False


def test_reports_are_kept_without_tokens_the_last_hundred(agents: Agents, clock: Clock) -> None:
    for number in range(KEPT_REPORTS + 1):
        agents.report("AG-1", {"id": "AG-1", "番号": number, "token": "3.geheim"})
    reports = agents.list_agents()[0]["reports"]
    assert [one["data"] for one in reports] == [
        {"id": "AG-1", "番号": number} for number in range(1, KEPT_REPORTS + 1)
    ]
    assert {one["timestamp"] for one in reports} == {clock.stamp}


@pytest.mark.parametrize("form", ["array", "object"])
def test_the_files_form_and_unknown_keys_are_kept(
    agents: Agents, path: Path, clock: Clock, form: str
) -> None:
    rows = [SEED, None, "コメント"]
    put(path, rows if form == "array" else {"version": 2, "agents": rows, "注": "手書き"})
    agents.beat("AG-AUDIT")
    kept = [{**SEED, "status": "active", "heartbeat_at": clock.stamp}, None, "コメント"]
    whole = {"version": 2, "agents": kept, "注": "手書き"}
    assert stored(path) == (kept if form == "array" else whole)


def test_what_changes_nothing_writes_nothing(agents: Agents, path: Path) -> None:
    put(path, [SEED])
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    assert agents.remove("unbekannt") == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"5", b'"x"', b'{"agents": {}}', b'{"other": []}', b"\xff[]", b'[{"a": NaN}]'),
        *(b'[{"id": "1", "id": "2"}]', b'[{"id": "\\ud800"}]', b"[" * 100_000),
    ],
)
def test_a_corrupt_file_is_never_overwritten(agents: Agents, path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(DamagedError):
        agents.list_agents()
    with pytest.raises(DamagedError):
        agents.register({"id": "AG-1"})
    assert (path.read_bytes(), [one.name for one in path.parent.glob("*.tmp")]) == (data, [])


def test_a_bom_is_no_damage(agents: Agents, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xef\xbb\xbf[]")
    agents.beat("AG-1")
    assert [row["id"] for row in stored(path)] == ["AG-1"]


def test_mode_and_symlink_stay(agents: Agents, path: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text("[]", encoding="utf-8")
    real.chmod(0o640)
    path.parent.mkdir()
    path.symlink_to(real)
    agents.beat("AG-1")
    assert (path.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o640)
    assert [row["id"] for row in stored(real)] == ["AG-1"]


def test_writers_side_by_side_lose_nothing(path: Path, clock: Clock) -> None:
    def write(number: int) -> None:
        mine = Agents(JsonRecords(path, "agents", lock_timeout=60), now=clock, offline_after=120)
        for turn in range(10):
            mine.report(f"AG-{number % 2}", {"番号": f"{number}-{turn}"})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [one["data"]["番号"] for row in stored(path) for one in row["reports"]]
    assert sorted(kept) == sorted(f"{n}-{t}" for n in range(4) for t in range(10))


def test_a_held_file_is_busy(path: Path, clock: Clock) -> None:
    agents = Agents(JsonRecords(path, "agents", lock_timeout=0.05), now=clock, offline_after=120)
    path.parent.mkdir()
    with locked(path.with_name(f".{path.name}.lock"), 1.0), pytest.raises(BusyError):
        agents.beat("AG-1")


@pytest.mark.parametrize(
    "given",
    [
        *({"id": 5}, {"id": "x" * 65}, {"id": "a\nb"}, {"id": ["x"]}, {"agent_id": True}),
        *({"name": 1}, {"status": "x" * 33}, {"tags": "qa"}, {"tags": {}}, {"role": "BOSS"}),
        *({"capabilities": "x"}, {"capabilities": [1]}, {"capabilities": ["x" * 101]}),
    ],
)
def test_bad_registrations_are_refused(agents: Agents, path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        agents.register(given)
    assert not path.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Required field 'id' is missing or empty"),
        ({"id": ""}, "Required field 'id' is missing or empty"),
        ({"id": 5}, "Agent ID must be a string between 1-64 characters"),
        ({"id": "x" * 65}, "Agent ID must be a string between 1-64 characters"),
        (
            {"id": "監査"},
            "Agent ID can only contain alphanumeric characters, hyphens, and underscores",
        ),
        (
            {"id": "AG", "status": "busy"},
            "Status must be one of: registered, active, inactive, offline, error",
        ),
        ({"id": "AG", "status": []}, None),
        ({"id": "AG", "role": {}}, "Role must be one of: CMD, WORK, AUDIT, SYSTEM"),
        ({"id": "AG", "capabilities": {}}, "Capabilities must be an array"),
        (
            {"id": "AG", "capabilities": ["ok", None]},
            "Each capability must be a string with max 100 characters",
        ),
    ],
)
def test_an_update_is_checked_in_the_contracts_words(
    agents: Agents, given: dict[str, Any], message: str | None
) -> None:
    with pytest.raises(InputError) as refused:
        agents.update(given)
    assert message in (None, str(refused.value))


def test_an_update_changes_what_it_names(agents: Agents, clock: Clock) -> None:
    agents.register({"id": "AG-1", "name": "検証"})
    clock.at += timedelta(seconds=1)
    worktree = "C:\\作業\\木"
    given = {"id": "AG-1", "role": "AUDIT", "worktree": worktree, "capabilities": ["読む"]}
    agent = agents.update(given)
    assert agent == agents.list_agents()[0]
    expected = {**given, "name": "検証", "status": "registered", "updated_at": clock.stamp}
    assert expected.items() <= agent.items()
    with pytest.raises(NotFoundError, match="Agent AG-2 not found"):
        agents.update({"id": "AG-2", "status": "active"})


def test_removing_counts_and_the_registry_is_bounded(agents: Agents, path: Path) -> None:
    put(path, [{"id": f"AG-{number % (MOST_AGENTS - 1)}"} for number in range(MOST_AGENTS)])
    with pytest.raises(RuleError, match="full"):
        agents.beat("new")
    assert agents.remove("AG-0") == 2
    agents.beat("new")
    assert len(agents.list_agents()) == MOST_AGENTS - 1


def test_a_long_report_is_refused(agents: Agents, path: Path) -> None:
    with pytest.raises(InputError, match="65536"):
        agents.report("AG-1", {"summary": "長" * 65_536})
    assert not path.exists()


@pytest.mark.parametrize("stamp", [None, 5, "", "昨日", "2025-13-01", []])
def test_a_stamp_that_is_none_is_none(stamp: object) -> None:
    assert parse_stamp(stamp) is None


def test_strict_json_keeps_values() -> None:
    assert parse_json('{"温度": 1.0, "n": 12345678901234567890}'.encode()) == {
        "温度": 1.0,
        "n": 12345678901234567890,
    }


def test_many_long_reports_keep_the_newest_within_a_size(agents: Agents, path: Path) -> None:
    for number in range(20):
        agents.report("AG-1", {"番号": number, "log": "x" * 60_000})
    reports = agents.list_agents()[0]["reports"]
    assert [one["data"]["番号"] for one in reports] == [16, 17, 18, 19]
    assert path.stat().st_size < MOST_REPORTS_BYTES + 10_000


@pytest.mark.parametrize("name", ["tags", "capabilities"])
def test_an_agent_has_so_many_words(agents: Agents, name: str) -> None:
    agents.register({"id": "AG-1", name: ["作業"] * MOST_TAGS})
    with pytest.raises(InputError, match=name):
        agents.register({"id": "AG-1", name: ["作業"] * (MOST_TAGS + 1)})


def test_a_heartbeat_just_behind_another_writes_nothing(
    agents: Agents, path: Path, clock: Clock
) -> None:
    agents.beat("AG-1")
    before = path.stat().st_ino, clock.stamp
    clock.at += timedelta(seconds=4)
    agents.beat("AG-1")
    assert (path.stat().st_ino, agents.list_agents()[0]["heartbeat_at"]) == before
    clock.at += timedelta(seconds=1)
    agents.beat("AG-1")
    assert agents.list_agents()[0]["heartbeat_at"] == clock.stamp


def test_a_file_of_records_grows_to_its_limit_and_can_shrink_then(path: Path) -> None:
    put(path, ["x" * (MOST_WRITTEN // 2)] * 2)
    records = JsonRecords(path, "agents")
    with pytest.raises(RuleError, match="full"):
        records.edit(lambda rows: rows.append("y" * 100))
    assert len(records.read()) == 2
    records.edit(lambda rows: rows.pop())
    assert len(records.read()) == 1
