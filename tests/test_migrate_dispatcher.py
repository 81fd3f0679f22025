from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from orch_next.dispatcher.cores import load_cores
from orch_next.errors import MigrationError
from orch_next.migrate.dispatching.calls import Call, parse_call, parse_defaults, parse_script
from orch_next.migrate.dispatching.cores_file import add_cores, collect
from orch_next.migrate.dispatching.locks import list_locks
from orch_next.migrate.dispatching.processes import Process, list_processes
from orch_next.migrate.dispatching.schedules import (
    Schedule,
    parse_schedules,
    query_schedules,
)
from orch_next.migrate.step import Work
from orch_next.migrate.steps.dispatcher import DispatcherStep
from tests.sample import REPOSITORY
from tests.small_moc import NOW, apply, codes, contents, make_house, make_moc

SCRIPT = r"C:\Users\田中 太郎\MOC\ORCH\scripts\ops\Task-Dispatcher.ps1"
FULL = ("-Action", "Dispatch", "-CoreId", "WORK_AI_01", "-Stay", "-EnableOrchIntegration")
TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><URI>\\MOC\\夜間 Dispatch</URI></RegistrationInfo>
  <Triggers><CalendarTrigger/><LogonTrigger/></Triggers>
  <Settings><Enabled>{enabled}</Enabled></Settings>
  <Actions><Exec><Command>powershell.exe</Command>
    <Arguments>-File "C:\\M O C\\Task-Dispatcher.ps1" -CoreId AUDIT_01 -Stay:$true</Arguments>
  </Exec><Exec><Command>notepad.exe</Command></Exec></Actions>
</Task>
"""


def make_step(*processes: Process, schedules: bytes = b"") -> DispatcherStep:
    return DispatcherStep(lambda: list(processes), lambda: schedules)


def plan(tmp_path: Path, files: dict[str, Any], step: DispatcherStep | None = None) -> Work:
    return (step or make_step()).plan(make_house(tmp_path, files))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (("powershell.exe", "-File", SCRIPT, *FULL, "-OrchIntegrationIntervalSeconds", "30"),
         Call("WORK_AI_01", True, True, 30, SCRIPT)),
        (("powershell.exe", "-Command", f"& '{SCRIPT}' -Action 'Dispatch' -CoreId 'CMD' -Stay"),
         Call("CMD", True, False, None, SCRIPT)),
        (("pwsh", "-File", "Task-Dispatcher.ps1", "-CoreId", "A", "-Stay:$false",
          "-EnableOrchIntegration:$true"), Call("A", False, True, None, "Task-Dispatcher.ps1")),
        (("pwsh", "-File", "./ops/task-dispatcher.PS1", "-CoreId:WORK"),
         Call("WORK", False, False, None, "./ops/task-dispatcher.PS1")),
        (("pwsh", "-File", "Task-Dispatcher.ps1", "-CoreId", "$core"),
         Call("", False, False, None, "Task-Dispatcher.ps1")),
        (("pwsh", "-File", "Task-Dispatcher.ps1"),
         Call("", False, False, None, "Task-Dispatcher.ps1")),
        (("powershell.exe", "-File", "Watch-Queue.ps1"), None),
        (("notepad.exe", r"C:\MOC\My-Task-Dispatcher.ps1.txt"), None),
    ],
)  # fmt: skip
def test_a_command_line_is_read(line: tuple[str, ...], expected: Call | None) -> None:
    assert parse_call(line) == expected


def test_scripts_are_read_with_continued_lines_and_without_comments() -> None:
    script = (
        "# Task-Dispatcher.ps1 -CoreId X\n"
        "Start-Process powershell -ArgumentList '-File','.\\Task-Dispatcher.ps1','-CoreId','A_1'\n"
        "& $PSScriptRoot\\Task-Dispatcher.ps1 -Action Dispatch `\n  -CoreId A_2 `\n  -Stay\n"
        "Write-Host 'Task-Dispatcher.ps1 läuft'\n"
    )
    found = [(line, call.core_id, call.stay) for line, call in parse_script(script, ".ps1")]
    assert found == [(2, "A_1", False), (3, "A_2", True)]


def test_the_scripts_own_defaults_are_read() -> None:
    text = "param(\n [string]$CoreId = 'WORK_AI_01',\n [switch]$Stay = $true,\n [int]$X = 2)"
    assert parse_defaults(text) == Call("WORK_AI_01", True, False, None, "task-dispatcher.ps1")


def test_calls_become_entries_that_the_dispatcher_reads(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "起動.bat": (
            "powershell -File ORCH\\scripts\\ops\\Task-Dispatcher.ps1 ^\r\n  -Action Dispatch "
            "-CoreId WORK_AI_01 -Stay -OrchIntegrationIntervalSeconds 30\r\n"
        ).encode("cp932"),
        "ops/audit.ps1": "& .\\Task-Dispatcher.ps1 -CoreId 'AUDIT.夜' \n"
        "& .\\Task-Dispatcher.ps1 -CoreId 'AUDIT.01' -EnableOrchIntegration:$true\n",
    }
    house = make_house(tmp_path, files)
    work = make_step().plan(house)
    apply(house, work.changes)
    cores = load_cores(house.target / "config" / "cores.toml", base=house.target)
    assert {core.id: (core.role, core.mode, core.limit) for core in cores.known.values()} == {
        "AUDIT.01": ("AUDIT.01", "pull", 1),
        "WORK_AI_01": ("WORK", "pull", 1),
    }
    assert [row["run"] for row in work.notes["cores"]] == [
        "orch-next dispatch --core-id AUDIT.01 --enable-orch-integration",
        "orch-next dispatch --core-id WORK_AI_01 --stay --interval 30",
    ]
    assert codes(work.findings) == [
        ("info", "core_added", "config/cores.toml"),
        ("info", "core_added", "config/cores.toml"),
        ("problem", "core_computed", "ops/audit.ps1:1"),
    ]
    assert list(make_step().verify(house, work)) == []


def test_a_section_of_the_settings_counts_as_a_call(tmp_path: Path) -> None:
    settings = {"core_id": "WORK_9", "stay": True, "enable_orch_integration": False}
    files: dict[str, Any] = {
        "ORCH/integrated_config.json": {
            "dispatcher": {**settings, "orch_integration_interval_seconds": 20}
        }
    }
    assert [row["run"] for row in plan(tmp_path, files).notes["cores"]] == [
        "orch-next dispatch --core-id WORK_9 --stay --interval 20"
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_stands_in_cores_toml_stays(end: str) -> None:
    before = (REPOSITORY / "config" / "cores.toml").read_text(encoding="utf-8").replace("\n", end)
    found = collect([("a.bat:1", Call("WORK_AI_01", stay=True)), ("b:2", Call("NEW_1"))])
    after = add_cores(before, found)
    assert after == before + end + end.join(
        [
            "# From b:2. The same session here:",
            "#   orch-next dispatch --core-id NEW_1",
            "[cores.NEW_1]",
            'role = "NEW"',
            'mode = "pull"',
            "limit = 1",
            "",
        ]
    )
    assert add_cores(after, found) == after


@pytest.mark.parametrize("text", ["cores = {}\n", "cores = 1\n", "[cores\n"])
def test_a_file_that_cannot_be_added_to_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MigrationError):
        add_cores(text, collect([("x", Call("A"))]))
    house = make_house(tmp_path, {"a.ps1": "Task-Dispatcher.ps1 -CoreId A\n"})
    (house.target / "config").mkdir()
    (house.target / "config" / "cores.toml").write_text(text, encoding="utf-8")
    assert [one[:2] for one in codes(make_step().check(house))] == [("blocker", "bad_cores_toml")]


def test_cores_of_one_id_are_joined() -> None:
    calls = [
        ("a", Call("A", interval=30)),
        ("b", Call("A", stay=True, interval=10)),
        ("c", Call("")),
    ]
    found = collect(calls)[0]
    assert (found.stay, found.interval, found.places) == (True, 10, ("a", "b"))


def test_a_running_dispatcher_blocks_and_says_how_to_stop_it(tmp_path: Path) -> None:
    house = make_house(tmp_path, {})
    ours = str(house.source / "ORCH" / "scripts" / "ops" / "Task-Dispatcher.ps1")
    step = make_step(
        Process(11, "powershell.exe", ("powershell.exe", "-File", ours, "-CoreId", "WORK")),
        Process(12, "pwsh", ("pwsh", "-File", "Task-Dispatcher.ps1", "-CoreId", "CMD")),
        Process(13, "pwsh", ("pwsh", "-File", r"D:\other\Task-Dispatcher.ps1", "-CoreId", "X")),
        Process(14, "pwsh", ("pwsh", "-File", "other.ps1")),
        Process(15, "python", ("python", "Task-Dispatcher.ps1")),
    )
    found = list(step.check(house))
    assert codes(found) == [
        ("blocker", "dispatcher_running", "process 11"),
        ("blocker", "dispatcher_running", "process 12"),
    ]
    assert "Stop-Process -Id 11" in found[0].message


def test_a_powershell_that_hides_its_command_is_told(tmp_path: Path) -> None:
    work = plan(tmp_path, {}, make_step(Process(9, "powershell.exe", None)))
    assert codes(work.findings) == [("warning", "process_hidden", "process 9")]


def test_this_machines_processes_can_be_listed() -> None:
    assert [one for one in list_processes() if "powershell" not in one.name.lower()] == [
        one for one in list_processes() if "pwsh" in one.name.lower()
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "cp932"])
def test_a_scheduled_task_is_read(encoding: str) -> None:
    assert parse_schedules(TASK.format(enabled="true").encode(encoding)) == [
        Schedule(
            "\\MOC\\夜間 Dispatch",
            Call("AUDIT_01", True, False, None, "C:\\M O C\\Task-Dispatcher.ps1"),
            ("CalendarTrigger", "LogonTrigger"),
            True,
        )
    ]


def test_schtasks_prints_many(tmp_path: Path) -> None:
    one = TASK.format(enabled="true").partition("?>")[2]
    printed = f"<?xml version='1.0'?><Tasks><!-- \\x -->{one}{one.replace('夜間', '昼')}</Tasks>"
    work = plan(tmp_path, {}, make_step(schedules=printed.encode("cp932")))
    assert [row["name"] for row in work.notes["schedules"]] == [
        "\\MOC\\夜間 Dispatch",
        "\\MOC\\昼 Dispatch",
    ]
    assert [row["core"] for row in work.notes["cores"]] == ["AUDIT_01"]


def test_task_files_are_read_and_enabled_ones_warned_of(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "tasks/夜.xml": TASK.format(enabled="true").encode("utf-16"),
        "tasks/off.xml": TASK.replace("夜間", "停止").format(enabled="false").encode("utf-16"),
        "tasks/broken.xml": "<Task>",
        "tasks/bomb.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "pom.xml": "<project/>",
    }
    assert codes(plan(tmp_path, files).findings) == [
        ("problem", "schedule_unreadable", "tasks/bomb.xml"),
        ("problem", "schedule_unreadable", "tasks/broken.xml"),
        ("info", "schedule_disabled", "\\MOC\\停止 Dispatch"),
        ("warning", "schedule_enabled", "\\MOC\\夜間 Dispatch"),
        ("info", "core_added", "config/cores.toml"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no schtasks elsewhere")
def test_without_windows_nothing_is_scheduled() -> None:
    assert query_schedules() == b""


def test_locks_are_listed_and_left_alone(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "ORCH/.locks/何か": "x",
        "ORCH/STATE/LOCKS/001.lock": '{"task_id": "001", "owner": "WORK", "ts_acquired": '
        '"2025-10-09T02:55:00Z", "ttl_sec": 600, "status": "active"}',
        "ORCH/STATE/LOCKS/002.lock": '{"task_id": "002", "owner": "WORK", "ts_acquired_utc": '
        '"2025-10-09T02:00:00Z", "heartbeat_utc": "2025-10-09T02:10:00Z", "ttl_minutes": 30}',
        "ORCH/STATE/LOCKS/003.lock": '{"status": "released"}',
        "ORCH/STATE/LOCKS/004.lock": "[1",
        "ORCH/STATE/LOCKS/role_status.json": "{}",
        "data/locks/task_005.lock": '{"task_id": "005", "owner": "CMD", "expires_at": '
        '"2025-10-09T12:30:00+09:00", "pid": 77}',
    }
    house = make_house(tmp_path, files)
    work = make_step().plan(house)
    rows = [(row["file"], row["state"], row["expires"]) for row in work.notes["locks"]]
    assert rows == [
        ("ORCH/.locks/何か", "opaque", ""),
        ("ORCH/STATE/LOCKS/001.lock", "held", "2025-10-09T03:05:00Z"),
        ("ORCH/STATE/LOCKS/002.lock", "expired", "2025-10-09T02:40:00Z"),
        ("ORCH/STATE/LOCKS/003.lock", "released", ""),
        ("ORCH/STATE/LOCKS/004.lock", "opaque", ""),
        ("data/locks/task_005.lock", "held", "2025-10-09T03:30:00Z"),
    ]
    assert (work.changes, {one.severity for one in work.findings}) == ((), {"info", "warning"})


@pytest.mark.parametrize(
    "told",
    ['{"ts_acquired": 5, "ttl_sec": 600}', '{"expires_at": "soon"}', '{"ttl_sec": 1e300}',
     '{"ts_acquired": "9999-12-31T23:59:59Z", "ttl_sec": 1000000}', '"text"'],
)  # fmt: skip
def test_a_strange_lock_says_nothing(tmp_path: Path, told: str) -> None:
    root = make_moc(tmp_path, {"data/locks/x.lock": told})
    assert [(one.state, one.expires) for one in list_locks(root, NOW)] == [("opaque", "")]


def test_an_empty_tree_gives_nothing(tmp_path: Path) -> None:
    work = plan(tmp_path, {})
    assert (contents(work.changes), work.findings, work.counts) == (
        {},
        (),
        {"cores": 0, "schedules": 0, "locks": 0},
    )
