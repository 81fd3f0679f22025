from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orch_next.cli import main
from tests.sample import changed_lines, copy_sample


class Cli:
    """The command line over one ORCH folder; output and status as a shell would see them."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.capsys = capsys

    def __call__(self, *argv: str, **environ: str) -> tuple[int, str, str]:
        status = main([*argv, "--orch-root", str(self.root)], environ)
        out, err = self.capsys.readouterr()
        return status, out, err

    def json(self, *argv: str) -> Any:
        return json.loads(self(*argv, "--json")[1])

    def text(self, name: str = "TASKS.md") -> str:
        return (self.root / "STATE" / name).read_bytes().decode("utf-8")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(copy_sample(tmp_path / "MOC 日本"), capsys)


def test_list_aligns_the_columns(cli: Cli) -> None:
    assert cli("tasks", "list", "--status", "PLAN") == (
        0,
        "id   status  owner  due         title\n"
        "006  PLAN    WORK   2025-10-20  運用手順書の作成\n"
        "007  PLAN    CMD    2025-10-31  旧サーバーの停止計画\n",
        "",
    )


def test_list_as_json_has_the_contracts_keys(cli: Cli) -> None:
    tasks = cli.json("tasks", "list")
    assert [task["id"] for task in tasks] == [f"00{n}" for n in range(1, 9)]
    assert list(tasks[0]) == [
        *("id", "title", "status", "owner", "lock", "lock_owner", "lock_expires_at"),
        *("due", "artifact", "notes", "rev", "line"),
    ]


def test_show_prints_every_column_unescaped(cli: Cli) -> None:
    status, out, _ = cli("tasks", "show", "005")
    assert (status, "notes            対象は A | B の両環境\n" in out) == (0, True)


def test_reading_makes_no_file(cli: Cli) -> None:
    before = sorted(path.name for path in cli.root.parent.rglob("*"))
    cli("tasks", "list")
    cli("tasks", "show", "001")
    cli("approvals", "list")
    cli("check")
    assert sorted(path.name for path in cli.root.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("verb", "status"),
    [("promote", "READY"), ("approve-done", "DONE"), ("request-fix", "FIX"), ("drop", "DROP")],
)
def test_a_verb_changes_one_cell(cli: Cli, verb: str, status: str) -> None:
    before = cli.text()
    assert cli("tasks", verb, "007", "--role", "CMD") == (0, f"007 {status}\n", "")
    (change,) = changed_lines(before, cli.text())
    assert change[1] == change[0].replace("| PLAN |", f"| {status} |")


def test_hold_clears_the_lock(cli: Cli) -> None:
    path = cli.root / "STATE" / "TASKS.md"
    locked = "| 003 | 配信 | DOING | WORK | WORK@x | WORK | 2025-10-15T05:00:00Z | - | - | - |"
    lines = [locked if line.startswith("| 003") else line for line in cli.text().split("\n")]
    path.write_bytes("\n".join(lines).encode("utf-8"))
    task = cli.json("tasks", "hold", "003", "--role", "CMD")
    assert (task["status"], task["lock"], task["lock_owner"], task["lock_expires_at"]) == (
        *("HOLD", "-", "-", "-"),
    )


def test_create_prints_the_new_id_and_stores_what_was_said(cli: Cli) -> None:
    argv = ("tasks", "create", "--title", "A | B\nの比較", "--owner", "WORK", "--due", "2025-11-01")
    assert cli(*argv) == (0, "009\n", "")
    task = cli.json("tasks", "show", "009")
    assert (task["title"], task["status"], task["owner"], task["due"], task["notes"]) == (
        *("A | B の比較", "PLAN", "WORK", "2025-11-01", "-"),
    )


def test_an_unknown_id_is_an_expected_failure(cli: Cli) -> None:
    before = cli.text()
    status, out, err = cli("tasks", "promote", "９９９")
    assert (status, out, err.startswith("orch-next: "), "９９９" in err) == (1, "", True, True)
    assert cli.text() == before


def test_a_revision_that_is_past_is_refused(cli: Cli) -> None:
    rev = cli.json("tasks", "show", "006")["rev"]
    assert cli("tasks", "promote", "006", "--expected-rev", rev)[0] == 0
    after = cli.text()
    assert cli("tasks", "drop", "006", "--expected-rev", rev, "--role", "CMD")[0] == 1
    assert cli.text() == after


def test_strict_governance_holds_here_too(cli: Cli) -> None:
    before = cli.text()
    strict = {"ORCH_GOVERNANCE": "strict"}
    assert cli("tasks", "approve-done", "006", "--role", "CMD", **strict)[0] == 1
    assert cli.text() == before


def test_a_damaged_ledger_is_told_and_left_alone(cli: Cli) -> None:
    path = cli.root / "STATE" / "TASKS.md"
    path.write_bytes(path.read_bytes() + "<<<<<<< HEAD\n競合\n".encode())
    before = cli.text()
    for argv in (("tasks", "list"), ("tasks", "promote", "006")):
        status, out, err = cli(*argv)
        assert (status, out, "TASKS.md:" in err) == (1, "", True)
    assert cli.text() == before


def test_a_folder_without_ledgers_is_a_clear_error(cli: Cli, tmp_path: Path) -> None:
    status, _, err = Cli(tmp_path / "空", cli.capsys)("tasks", "list")
    assert (status, err) == (
        1,
        f"orch-next: {tmp_path / '空' / 'STATE'} is no folder: "
        "name your ORCH folder with --orch-root, or make one with empty ledgers: "
        "`orch-next init --new`\n",
    )


def test_a_bad_setting_is_an_expected_failure(cli: Cli) -> None:
    status, _, err = cli("tasks", "list", ORCH_GOVERNANCE="loose")
    assert (status, "governance must be one of" in err) == (1, True)
