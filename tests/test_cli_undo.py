from __future__ import annotations

from pathlib import Path

import pytest

from tests.sample import copy_sample
from tests.test_cli_tasks import Cli


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(copy_sample(tmp_path / "MOC 日本"), capsys)


def test_undo_says_what_it_did_and_gives_the_bytes_back(cli: Cli) -> None:
    before = cli.text()
    cli("tasks", "promote", "006", "--actor", "山田")
    assert cli("undo", "1") == (
        0,
        "undone entry 1: task_promoted of 006 by 山田\n  status: READY -> PLAN\n",
        "",
    )
    assert cli.text() == before


def test_a_dry_run_changes_nothing(cli: Cli) -> None:
    cli("tasks", "create", "--title", "余分", "--actor", "山田")
    before = cli.text()
    status, out, _ = cli("undo", "--last", "--dry-run", "--actor", "山田")
    assert (status, out.splitlines()[:2]) == (
        0,
        ["would undo entry 1: task_created of 009 by 山田", "  id: 009 -> (no row)"],
    )
    assert cli.text() == before


def test_last_walks_back_through_ones_own_changes(cli: Cli) -> None:
    before = cli.text()
    for verb, actor in (("promote", "山田"), ("hold", "山田")):
        cli("tasks", verb, "006", "--actor", actor, "--role", "CMD")
    cli("tasks", "promote", "007", "--actor", "田中")
    cli("undo", "3")
    assert cli("undo", "--last", "--actor", "山田")[1].startswith("undone entry 2: task_held")
    assert cli.json("undo", "--last", "--actor", "山田")["task"]["status"] == "PLAN"
    assert cli.text() == before
    assert cli("undo", "--last", "--actor", "山田") == (
        *(1, ""),
        "orch-next: the journal has no change by 山田 that could be undone\n",
    )


def test_what_was_changed_since_is_refused(cli: Cli) -> None:
    cli("tasks", "promote", "006", "--actor", "山田")
    cli("tasks", "drop", "006", "--actor", "田中")
    before = cli.text()
    assert cli("undo", "1") == (
        *(1, ""),
        "orch-next: 006 was changed since by 田中 (task_dropped, entry 2)\n",
    )
    assert cli.text() == before


def test_which_entry_must_be_said(cli: Cli) -> None:
    for argv in (["undo"], ["undo", "1", "--last"], ["undo", "x"]):
        with pytest.raises(SystemExit, match="2"):
            cli(*argv)
