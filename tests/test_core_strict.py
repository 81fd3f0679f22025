"""Every planted corruption is found with file and line, and nothing is found where none is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orch_next.cli import main
from orch_next.core.strict import check_folder
from orch_next.core.strict_locks import read_lock
from tests.conftest import NOW
from tests.ledger_text import TASK_NAMES, line
from tests.sample import LEDGERS

TASKS = (
    "# 台帳\n\n## 一覧\n\n"
    + line(TASK_NAMES)
    + "|---|---|---|---|---|---|---|---|---|---|\n"
    + "| 001 | 統合テスト | DONE | WORK | - | - | - | 2025-10-07 | ORCH/patches/a.md | 済 |\n"
    + "| 002 | A \\| B の比較 | DOING | WORK_AI_01 | WORK@2025-10-09T03:00:00Z | WORK |"
    + " 2025-10-09T03:30:00Z | 2025-10-07T00:00:00Z | - | C:\\作業\\a.md |\n"
    + "| deploy-004 | 配備 | PLAN | CMD | - | - | - | - | - | - |\n"
    + "\n## 状態\n\n```\n| id | title | status |\n```\n\n- **PLAN**: 計画\n"
)
APPROVALS = (
    "| appr_id | task_id | op | status | requested_by | approver | approver_role"
    " | ts_req | ts_dec | evidence |\n|---|---|---|---|---|---|---|---|---|---|\n"
    "| A001 | 001 | 実装 | approved | WORK | AUDIT | AUDIT | 2025-10-07T10:00:00Z"
    " | 2025-10-07T10:30:00Z | C:\\\\moc\\\\ORCH\\\\patches\\\\a.md |\n"
    "| A002 | 002 | 変更 | pending | WORK | - | - | 2025-10-08T10:00:00Z | -"
    " | ORCH/patches/a.md |\n"
    "| A003 | 002 | 変更 | expired | WORK | - | - | 2025-10-06T10:00:00Z | -"
    " | ORCH/patches/a.md |\n"
)
MILESTONES = (
    "| ms_id | name | status | owner | due | kpi | description | epic_ids | task_ids | notes |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
    "| M1 | 設計 | DONE | CMD | 2025-10-08 | 0 件 | 書式 | E-1 | 001, deploy-004 | - |\n"
)
LOCK = {"owner": "WORK", "task_id": "002", "ts_acquired": "2025-10-09T03:00:00Z", "ttl_sec": 3600}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a STATE folder without a fault, with the evidence that it names."""
    folder = tmp_path / "ORCH" / "STATE"
    (folder / "LOCKS").mkdir(parents=True)
    (folder.parent / "patches").mkdir()
    (folder.parent / "patches" / "a.md").write_text("証跡\n", encoding="utf-8")
    texts = {"TASKS.md": TASKS, "APPROVALS.md": APPROVALS, "MILESTONES.md": MILESTONES}
    texts |= {"flags.md": "FREEZE=off\nAUTO_DECIDE=shadow\n", "LOCKS/002.lock": json.dumps(LOCK)}
    texts |= {"LOCKS/role_status.json": '{"WORK": "idle", "updated_at": "2025-10-09T03:00:00Z"}'}
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    return folder


def check(state: Path) -> list[tuple[str, int, str, str]]:
    found = check_folder(state, state.parent.parent, NOW)
    return [(one.file, one.line, one.code, one.severity) for one in found]


def test_the_clean_sample_is_clean(state: Path) -> None:
    assert check(state) == []


@dataclass(frozen=True)
class Mutant:
    """A corruption: the file's changed bytes, and the file, line and code that must be told."""

    plant: Callable[[bytes], bytes]
    line: int
    code: str
    file: str = "TASKS.md"
    severity: str = "warning"


def swap(old: str, new: str) -> Callable[[bytes], bytes]:
    def plant(data: bytes) -> bytes:
        assert data.count(old.encode()) >= 1
        return data.replace(old.encode(), new.encode(), 1)

    return plant


def cut(start: str) -> Callable[[bytes], bytes]:
    """Take away the line that begins like this."""

    def plant(data: bytes) -> bytes:
        lines = data.split(b"\n")
        (place,) = [n for n, one in enumerate(lines) if one.startswith(start.encode())]
        return b"\n".join(lines[:place] + lines[place + 1 :])

    return plant


def behind(start: str, new: str) -> Callable[[bytes], bytes]:
    """Put a line behind the first one that begins like this."""

    def plant(data: bytes) -> bytes:
        lines = data.split(b"\n")
        place = next(n for n, one in enumerate(lines) if one.startswith(start.encode()))
        return b"\n".join([*lines[: place + 1], new.encode(), *lines[place + 1 :]])

    return plant


EXTRA = "| 009 | 追加 | PLAN | CMD | - | - | - | - | - | - |"
A, M = "APPROVALS.md", "MILESTONES.md"
MUTANTS = {
    "duplicate id": Mutant(swap("| deploy-004", "| 001"), 7, "duplicate-id", severity="row"),
    "conflict markers": Mutant(
        behind("| 001", f"<<<<<<< HEAD\n{EXTRA}\n=======\n>>>>>>> b"),
        8,
        "conflict-marker",
        severity="damage",
    ),
    "long conflict markers": Mutant(
        behind("## 状態", "\n<<<<<<<<< ours\na\n=========\nb\n>>>>>>>>> theirs"),
        13,
        "conflict-marker",
    ),
    "delimiter missing": Mutant(cut("|---"), 5, "no-table", severity="damage"),
    "delimiter damaged": Mutant(swap("|---|---", "|---|--x"), 5, "no-table", severity="damage"),
    "column missing in the header": Mutant(swap("| due |", "|"), 5, "no-table", severity="damage"),
    "column renamed": Mutant(swap("| owner |", "| onwer |"), 5, "no-table", severity="damage"),
    "second table without a delimiter": Mutant(
        behind("- **PLAN**", f"\n{line(TASK_NAMES)}{EXTRA}"), 19, "lost-header"
    ),
    "unknown status": Mutant(swap("| PLAN |", "| WAITING |"), 9, "unknown-status"),
    "status in small letters": Mutant(swap("| DONE |", "| done |"), 7, "unknown-status"),
    "status empty": Mutant(swap("| DONE |", "|  |"), 7, "unknown-status"),
    "unknown owner": Mutant(swap("| CMD |", "| BOSS |"), 9, "unknown-owner"),
    "title gone": Mutant(swap("| 配備 |", "| |"), 9, "no-title"),
    "bad date": Mutant(swap("| 2025-10-07 |", "| 7.10.2025 |"), 7, "bad-date"),
    "a day that is none": Mutant(swap("| 2025-10-07 |", "| 2025-02-30 |"), 7, "bad-date"),
    "digits of another script": Mutant(swap("| 2025-10-07 |", "| ２０２５-10-07 |"), 7, "bad-date"),
    "bad lock": Mutant(swap("| WORK@2025-10-09T03:00:00Z |", "| WORK |"), 8, "bad-lock"),
    "lock without owner": Mutant(
        swap("00:00Z | WORK | 2025-10-09", "00:00Z | - | 2025-10-09"), 8, "lock-without-owner"
    ),
    "lock without end": Mutant(swap("| 2025-10-09T03:30:00Z |", "| - |"), 8, "half-lock"),
    "owner without a lock": Mutant(swap("| WORK@2025-10-09T03:00:00Z |", "| - |"), 8, "half-lock"),
    "lock that ends before it begins": Mutant(swap("T03:30:00Z", "T02:30:00Z"), 8, "lock-order"),
    "lock end in local time": Mutant(swap("T03:30:00Z", "T12:30:00+09:00"), 8, "bad-date"),
    "lock left on hold": Mutant(swap("| DOING |", "| HOLD |"), 8, "lock-left"),
    "pipe without a backslash": Mutant(
        swap("A \\| B", "A | B"), 8, "surplus-cells", severity="row"
    ),
    "empty cells too many": Mutant(swap("| 済 |", "| 済 | |"), 7, "surplus-cells"),
    "truncated row": Mutant(
        swap(" | - | - | - | - |\n\n", "\n\n"), 9, "missing-cells", severity="row"
    ),
    "swallowed prose": Mutant(behind("| 001", "メモの行"), 8, "swallowed-text", severity="row"),
    "second delimiter": Mutant(
        behind("| 001", "|---|---|---|---|---|---|---|---|---|---|"),
        8,
        "extra-delimiter",
        severity="row",
    ),
    "header repeated": Mutant(behind("| 001", line(TASK_NAMES).rstrip("\n")), 8, "no-id"),
    "row apart": Mutant(behind("## 状態", f"\n{EXTRA}"), 13, "row-apart"),
    "second table": Mutant(
        behind("- **PLAN**", f"\n{line(TASK_NAMES)}{'|---' * 10}|\n{EXTRA}"), 19, "second-table"
    ),
    "id gone": Mutant(swap("| deploy-004 |", "| - |"), 9, "no-id"),
    "mixed ids": Mutant(swap("| deploy-004 |", "| 1 |"), 9, "confusable-id"),
    "ids of another width": Mutant(swap("| deploy-004 |", "| ００２ |"), 9, "confusable-id"),
    "ids in another case": Mutant(
        behind("| deploy", EXTRA.replace("009", "DEPLOY-4")), 10, "confusable-id"
    ),
    "invisible character in an id": Mutant(swap("| deploy-004", "| deploy\u200b-004"), 9, "odd-id"),
    "control character in a cell": Mutant(swap("| 済 |", "| 済\x07 |"), 7, "control-character"),
    "mark in the middle": Mutant(swap("## 状態", "\ufeff## 状態"), 11, "bom-inside"),
    "mark in a cell": Mutant(swap("統合", "統\ufeff合"), 7, "control-character"),
    "NUL bytes": Mutant(swap("統合", "統\0\0合"), 7, "nul-character", severity="damage"),
    "bytes that are not UTF-8": Mutant(
        lambda data: data.replace("配備".encode(), "配備".encode("cp932")),
        9,
        "not-utf-8",
        severity="damage",
    ),
    "empty file": Mutant(lambda _: b"", 1, "empty-file", severity="damage"),
    "orphan approval": Mutant(swap("| A002 | 002 |", "| A002 | 999 |"), 4, "orphan-approval", A),
    "unknown decision": Mutant(swap("| pending |", "| maybe |"), 4, "unknown-status", A),
    "pending with a decision time": Mutant(
        swap("10-08T10:00:00Z | -", "10-08T10:00:00Z | 2025-10-08T11:00:00Z"),
        4,
        "pending-decided",
        A,
    ),
    "decided without a time": Mutant(
        swap("| 2025-10-07T10:30:00Z |", "| - |"), 3, "no-decision-time", A
    ),
    "decided by nobody": Mutant(swap("| AUDIT | AUDIT |", "| - | AUDIT |"), 3, "no-approver", A),
    "decided by the requester": Mutant(
        swap("| AUDIT | AUDIT |", "| WORK | AUDIT |"), 3, "self-approval", A
    ),
    "role that may not decide": Mutant(
        swap("| AUDIT | AUDIT |", "| AUDIT | WORK |"), 3, "bad-role", A
    ),
    "decided before the request": Mutant(
        swap("2025-10-07T10:30:00Z", "2025-10-06T10:30:00Z"), 3, "decided-early", A
    ),
    "bad request time": Mutant(swap("2025-10-08T10:00:00Z", "昨日"), 4, "bad-date", A),
    "requester gone": Mutant(swap("pending | WORK", "pending | -"), 4, "no-requester", A),
    "evidence gone": Mutant(swap("| ORCH/patches/a.md |", "| - |"), 4, "no-evidence", A),
    "evidence that is not there": Mutant(
        swap("patches\\\\a.md", "patches\\\\b.md"), 3, "missing-evidence", A
    ),
    "evidence outside": Mutant(swap("ORCH/patches/a.md", "ORCH/../a.md"), 4, "unsafe-evidence", A),
    "approval twice": Mutant(swap("| A002 |", "| A001 |"), 3, "duplicate-id", A, "row"),
    "milestone of a missing task": Mutant(swap("| 001, ", "| 001, 404, "), 3, "unknown-task", M),
    "milestone with a bad date": Mutant(swap("2025-10-08", "10/08"), 3, "bad-date", M),
    "flag that is none": Mutant(swap("FREEZE=off", "FREEZE=maybe"), 1, "odd-flag", "flags.md"),
    "lock file torn": Mutant(lambda data: data[:-5], 1, "bad-lock-file", "LOCKS/002.lock"),
    "lock file without owner": Mutant(
        swap('"WORK"', '""'), 1, "lock-without-owner", "LOCKS/002.lock"
    ),
    "lock file of a missing task": Mutant(
        swap('"002"', '"404"'), 1, "orphan-lock", "LOCKS/002.lock"
    ),
    "lock file of another task": Mutant(
        swap('"002"', '"001"'), 1, "lock-mismatch", "LOCKS/002.lock"
    ),
    "role that is none": Mutant(
        swap('"idle"', '"asleep"'), 1, "unknown-role-status", "LOCKS/role_status.json"
    ),
    "role file torn": Mutant(lambda _: b"{", 1, "bad-json", "LOCKS/role_status.json"),
    "role file twofold": Mutant(
        lambda _: b'{"CMD": "idle", "CMD": "blocked"}', 1, "bad-json", "LOCKS/role_status.json"
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_corruption_is_found_with_file_and_line(state: Path, name: str) -> None:
    mutant = MUTANTS[name]
    path = state / mutant.file
    path.write_bytes(mutant.plant(path.read_bytes()))
    assert (mutant.file, mutant.line, mutant.code, mutant.severity) in check(state)


def test_at_least_25_kinds_are_planted() -> None:
    assert len({mutant.code for mutant in MUTANTS.values()}) >= 25


@pytest.mark.parametrize(
    ("name", "plant", "line", "code"),
    [
        (
            "TASKS.md",
            swap("| - | - | - | - | - | - |\n", "| - | - | - | None | - | - |\n"),
            9,
            "legacy-none",
        ),
        ("TASKS.md", swap("| DOING |", "| DONE |"), 8, "lock-left"),
        ("TASKS.md", swap("T03:30:00Z", "T03:01:00Z"), 8, "lock-expired"),
        ("TASKS.md", swap("- **PLAN**", "- \x1b**PLAN**"), 17, "control-character"),
        ("TASKS.md", swap("# 台帳\n", "# 台帳\r\n"), 2, "mixed-line-ends"),
        ("APPROVALS.md", swap("C:\\\\moc\\\\ORCH\\\\patches", "D:\\他所"), 3, "evidence-elsewhere"),
        ("LOCKS/002.lock", swap("3600", "60"), 1, "lock-expired"),
    ],
)
def test_what_the_contract_allows_is_a_note(
    state: Path, name: str, plant: Callable[[bytes], bytes], line: int, code: str
) -> None:
    path = state / name
    path.write_bytes(plant(path.read_bytes()))
    assert check(state) == [(name, line, code, "note")]


@pytest.mark.parametrize(
    "plant",
    [
        swap("| id | title | status |\n```", f"{line(TASK_NAMES)}{EXTRA}\n```"),  # in a fence
        swap("- **PLAN**: 計画\n", "| 期日 | 基準 |\n|---|---|\n| 10-15 | 締切 |\n"),
        swap("# 台帳\n", "\ufeff# 台帳\n"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.rstrip(b"\n"),
        swap("## 状態\n", "========\n\n>>>>>>>> 引用の引用\n"),
        lambda data: data.replace(b" | ", b"|").replace(b"A \\|B", b"A \\| B"),
    ],
)
def test_what_is_odd_but_right_is_not_reported(
    state: Path, plant: Callable[[bytes], bytes]
) -> None:
    path = state / "TASKS.md"
    path.write_bytes(plant(path.read_bytes()))
    assert check(state) == []


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ('{"ts_acquired_utc": "2025-10-07T00:00:00Z", "ttl_minutes": 30}', "2025-10-07 00:30"),
        (
            '{"ts_acquired": "2025-10-07T00:00:00Z", "heartbeat_utc": "2025-10-07T00:10:00Z",'
            ' "ttl_sec": 600}',
            "2025-10-07 00:20",
        ),
        ('{"acquired_at": "x", "expires_at": "2025-10-07T09:30:00.500+09:00"}', "2025-10-07 00:30"),
        ('\ufeff{"ts_acquired": "2025-10-07T00:00:00"}', "None"),
    ],
)
def test_the_known_forms_of_a_lock_file_are_read(text: str, ends: str) -> None:
    found = read_lock(text.encode()).ends
    assert str(found.astimezone(NOW.tzinfo) if found else None)[: len(ends)] == ends


@pytest.mark.parametrize(
    "text", ["[]", "{", "[" * 9999, '{"ts_acquired": "2025-10-07T00:00:00Z", "ttl_sec": 1e300}']
)
def test_what_is_no_lock_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|nested|lock for"):
        read_lock(text.encode())


def test_locks_of_the_other_place_are_told_by_their_path(state: Path) -> None:
    folder = state.parent.parent / "data" / "locks"
    folder.mkdir(parents=True)
    (folder / "task_002.lock").write_text(json.dumps(LOCK | {"ttl_sec": 60}))
    assert check(state) == [(str(folder / "task_002.lock"), 1, "lock-expired", "note")]


def test_the_end_of_a_lock_is_told_in_utc(state: Path) -> None:
    lock = {"task_id": "002", "owner": "実行係", "expires_at": "2025-10-07T09:00:00+09:00"}
    (state / "LOCKS" / "002.lock").write_text(json.dumps(lock))
    found = check_folder(state, state.parent.parent, NOW)
    ends = [one.message for one in found if one.code == "lock-expired"]
    assert ends == ["the lock of 実行係 ended at 2025-10-07T00:00:00Z"]


def test_on_ledgers_as_they_are_only_what_is_true_is_told(tmp_path: Path) -> None:
    state = Path(shutil.copytree(LEDGERS, tmp_path / "ORCH" / "STATE"))
    found = check(state)
    assert [one for one in found if one[3] != "note"] == [
        # SHIFT-RULES and line-registration are in no row of TASKS.md
        ("APPROVALS.md", 13, "orphan-approval", "warning"),
        ("APPROVALS.md", 14, "orphan-approval", "warning"),
    ]
    assert {one[2] for one in found if one[3] == "note"} == {
        *("evidence-elsewhere", "control-character", "no-table"),
    }


def test_the_command_tells_more_with_strict(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = state / "TASKS.md"
    path.write_bytes(swap("| CMD |", "| BOSS |")(path.read_bytes()))
    arguments = ["check", "--orch-root", str(state.parent)]
    assert (main(arguments, {}), capsys.readouterr().out) == (0, "")
    assert main([*arguments, "--strict", "--json"], {}) == 1
    (problem,) = [p for p in json.loads(capsys.readouterr().out) if p["severity"] != "note"]
    assert (problem["code"], problem["line"], problem["file"]) == ("unknown-owner", 9, str(path))
