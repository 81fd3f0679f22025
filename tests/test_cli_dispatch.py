"""`orch-next dispatch` and `orch-next leases` over a copy of the sample."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from orch_next.cli import main
from orch_next.core.database import Database
from orch_next.dispatcher.owner import Ownership
from orch_next.knowledge.documents import Library
from orch_next.knowledge.outcomes import parse_outcome
from orch_next.knowledge.store import KnowledgeStore
from tests.dispatch_desk import OK, cores_toml
from tests.sample import changed_lines, copy_sample

SCRIPT, PULL = "WORK_SCRIPT_01", "WORK_AI_01"


class Cli:
    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys

    def __call__(self, *argv: str, **environ: str) -> tuple[int, str, str]:
        status = main([*argv, "--orch-root", str(self.root)], environ)
        out, err = self.capsys.readouterr()
        return status, out, err

    def tasks(self) -> str:
        return (self.root / "STATE" / "TASKS.md").read_bytes().decode()

    def cores(self, text: str) -> None:
        path = self.root.parent / "config" / "cores.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(copy_sample(tmp_path / "MOC 日本"), capsys)


def answer(printed: tuple[int, str, str]) -> Any:
    return json.loads(printed[1])


def test_a_command_core_works_on_one_task_and_the_command_ends(cli: Cli) -> None:
    cli.cores(cores_toml({SCRIPT: OK}))
    before = cli.tasks()
    status, out, err = cli("dispatch", "--core-id", SCRIPT, "--once")
    assert (status, err, out.splitlines()) == (
        0,
        "",
        [
            f"{SCRIPT} dispatcher_started",
            "005 task_dispatched: 自動テストの整備, DOING",
            "005 job_log: 作業",
            "005 job_log: ORCH_ARTIFACT=out.md",
            "005 job_finished: 自動テストの整備, REVIEW",
            f"{SCRIPT} dispatcher_stopped",
        ],
    )
    (change,) = changed_lines(before, cli.tasks())
    assert change[1] == change[0].replace("| READY |", "| REVIEW |").replace(
        "2025-10-17 | - |", "2025-10-17 | out.md |"
    )


def test_events_are_json_lines(cli: Cli) -> None:
    cli.cores(cores_toml({SCRIPT: OK}))
    lines = cli("dispatch", "--core-id", SCRIPT, "--json")[1].splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["event"] for one in told[:2]] == ["dispatcher_started", "task_dispatched"]
    assert (told[1]["job_id"], told[1]["title"]) == ("005", "自動テストの整備")


def test_a_command_needs_the_operators_word_here_too(cli: Cli) -> None:
    cli.cores(cores_toml({SCRIPT: OK}, allow=False))
    before = cli.tasks()
    status, out, err = cli("dispatch", "--core-id", SCRIPT)
    assert (status, out, "allow_commands_without_token" in err) == (1, "", True)
    assert cli.tasks() == before


def test_nothing_to_do_is_an_end(cli: Cli) -> None:
    status, out, _ = cli("dispatch", "--core-id", "AUDIT_AI_01")
    assert (status, out.splitlines()[-1]) == (0, "AUDIT_AI_01 dispatcher_stopped")


def test_another_dispatcher_is_told(cli: Cli) -> None:
    other = Ownership(cli.root / "STATE")
    assert other.take()
    status, _, err = cli("dispatch", "--core-id", PULL)
    other.release()
    assert (status, err) == (1, "orch-next: another process dispatches for this STATE folder\n")


@pytest.mark.parametrize("argv", [["--dry-run"], [], ["--core-id", "x y"]])
def test_a_core_must_be_named(cli: Cli, argv: list[str]) -> None:
    assert cli("dispatch", *argv)[0] == 1


@pytest.mark.parametrize("interval", ["0", "-1", "x", "1e9"])
def test_an_impossible_interval_is_a_usage_error(cli: Cli, interval: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli("dispatch", "--core-id", PULL, "--interval", interval)
    assert caught.value.code == 2


def test_a_dry_run_and_an_explanation_change_nothing(cli: Cli) -> None:
    before = cli.tasks()
    assert cli("dispatch", "--core-id", PULL, "--dry-run") == (
        0,
        "id   when  title\n005  now   自動テストの整備\n",
        "",
    )
    (planned,) = answer(cli("dispatch", "--core-id", PULL, "--dry-run", "--json"))["tasks"]
    assert (planned["task_id"], planned["taken"]) == ("005", True)
    status, out, _ = cli("dispatch", "--explain", "006", "--core-id", PULL)
    assert (status, out) == (0, "status: the status is PLAN, not READY\n")
    assert cli("dispatch", "--explain", "005", "--core-id", PULL)[1] == "005 can be taken\n"
    found = answer(cli("dispatch", "--explain", "006", "--json"))
    assert [one["code"] for one in found["reasons"]] == ["status", "owner"]
    assert cli("dispatch", "--explain", "９９９")[0] == 1
    assert cli.tasks() == before


def test_a_frozen_board_says_so(cli: Cli) -> None:
    (cli.root / "STATE" / "flags.md").write_text("FREEZE=on\n", encoding="utf-8")
    out = cli("dispatch", "--core-id", PULL, "--dry-run")[1]
    assert "frozen: " in out


def test_a_core_claims_renews_and_reports(cli: Cli) -> None:
    claimed = answer(cli("leases", "claim", "--core-id", PULL))
    token = claimed["token"]
    assert (claimed["task"]["id"], claimed["coreId"]) == ("005", PULL)
    until = claimed["lock_expires_at"]
    assert cli("leases", "list")[1].splitlines()[1] == f"005   {PULL}  {until}  held"
    renewed = answer(cli("leases", "renew", "005", ORCH_TOKEN=token))
    assert renewed["job_id"] == "005"
    report = ("leases", "report", "005", "--status", "REVIEW", "--artifact", "C:\\成果.md")
    assert cli(*report, "--token", "7.falsch")[0] == 1
    assert answer(cli(*report, "--token", token)) == {"job_id": "005", "status": "REVIEW"}
    assert answer(cli(*report, "--token", token)) == {"job_id": "005", "status": "REVIEW"}
    assert cli(*report, "--message", "別", "--token", token)[0] == 1
    assert "| C:\\成果.md |" in cli.tasks()
    assert cli("leases", "claim", "--core-id", PULL)[:2] == (1, '{\n  "task": null\n}\n')


def test_a_report_needs_a_token(cli: Cli) -> None:
    status, _, err = cli("leases", "renew", "005")
    assert (status, err) == (1, "orch-next: a token is required: --token or ORCH_TOKEN\n")


def test_expired_locks_of_others_are_listed_and_swept(cli: Cli) -> None:
    path = cli.root / "STATE" / "TASKS.md"
    locked = "| 003 | 配信 | DOING | WORK | WORK@x | WORK | 2025-10-15T05:00:00Z | - | - | - |"
    lines = [locked if line.startswith("| 003") else line for line in cli.tasks().split("\n")]
    path.write_bytes("\n".join(lines).encode("utf-8"))
    (foreign,) = answer(cli("leases", "list", "--json"))["foreign"]
    assert (foreign["task_id"], foreign["expired"]) == ("003", True)
    assert cli("leases", "list")[1].splitlines()[1].endswith("foreign, expired")
    assert cli("leases", "sweep", "--actor", "田中")[1] == "003 READY\n"
    assert "| 003 | 配信 | READY | WORK | - | - | - |" in cli.tasks()
    assert answer(cli("leases", "sweep", "--json")) == {"swept": []}


def test_a_plan_says_what_predictions_decided(cli: Cli) -> None:
    state = cli.root / "STATE" / "TASKS.md"
    lines = cli.tasks().split("\n")
    at = next(at for at, line in enumerate(lines) if line.startswith("| 005 |"))
    lines.insert(at + 1, lines[at].replace("| 005 |", "| 905 |"))
    state.write_bytes("\n".join(lines).encode())
    teach(cli.root.parent)
    plan = ("dispatch", "--core-id", PULL, "--dry-run")
    assert cli(*plan)[1] == (
        "id   when   title\n005  now    自動テストの整備\n905  later  自動テストの整備\n"
    )
    switch = {"ORCH_SCHEDULER_USES_PREDICTIONS": "yes"}
    assert cli(*plan, **switch)[1].splitlines() == [
        "id   when   prediction                         title",
        "905  now    83%, 3.0 s (place 1 instead of 2)  自動テストの整備",
        "005  later  17%, 3.0 s (place 2 instead of 1)  自動テストの整備",
    ]
    told = cli("dispatch", "--explain", "905", "--core-id", PULL, **switch)[1]
    assert told == "905 can be taken\nprediction: 83%, 3.0 s (place 1 instead of 2)\n"


def teach(moc_root: Path) -> None:
    """Record runs of the core: those of 905 succeeded, those of 005 failed."""
    store = KnowledgeStore(Library(Database(f"sqlite:///{moc_root / 'data' / 'orch.db'}")))
    for at in range(20):
        body = {
            "task_id": "905" if at % 2 else "005",
            "operation_type": "dispatch",
            "success": at % 2 == 1,
            "execution_time_ms": 3_000,
            "ps1_parameters_used": {"script_name": PULL},
            "timestamp": f"2025-10-08T00:{at:02}:00Z",
        }
        store.save_work_outcome(parse_outcome(body, datetime(2025, 10, 9, tzinfo=timezone.utc)))
