from __future__ import annotations

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from orch_next.cli import main
from orch_next.cli.migrate import open_frame
from orch_next.cli.migrate_script import Script
from orch_next.cli.migrate_script import main as run_script
from orch_next.cli.parser import build_parser
from orch_next.migrate.facts import tree_facts
from tests.moc_tree import build_moc
from tests.patience import PATIENCE
from tests.sample import REPOSITORY, clean_environ

# As `python SCRIPT ARGUMENT...` does, but with the packages of this environment.
RUN_FROM = (
    "import runpy, shlex, sys; sys.path[:0] = [sys.argv[1]]; sys.argv = shlex.split(sys.argv[2]); "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
SCRIPTS = sorted(path.name for path in (REPOSITORY / "scripts").glob("migrate_*.py"))
FLAGS = {
    "migrate_config.py": [],
    "migrate_dashboard.py": ["--templates", "--static", "--api"],
    "migrate_data.py": ["--logs", "--metrics"],
    "migrate_dispatcher.py": ["--test", "--validate"],
    "migrate_knowledge.py": ["--data", "--schema"],
    "migrate_state.py": ["--validate", "--backup"],
    "migrate_websocket.py": ["--realtime", "--sse"],
}


class Houses:
    """A fabricated MOC and an empty project, and the command over them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.moc = build_moc(folder)
        self.next = folder / "next"
        self.next.mkdir()
        self._capsys = capsys

    @property
    def folders(self) -> list[str]:
        return ["--source", str(self.moc), "--target", str(self.next)]

    def run(self, *argv: str, lang: str = "C") -> tuple[int, str, str]:
        status = main(["migrate", *argv, *self.folders], {"LANG": lang})
        out, err = self._capsys.readouterr()
        return status, out, err

    def json(self, *argv: str) -> Any:
        return json.loads(self.run(*argv, "--json")[1])


@pytest.fixture
def houses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Houses:
    return Houses(tmp_path, capsys)


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["outcome"] for step in report["steps"]}


def test_nothing_moves_unasked(houses: Houses) -> None:
    status, out, err = houses.run("apply")
    assert (status, out, list(houses.next.iterdir())) == (1, "", [])
    assert err == (
        "orch-next: nothing was changed: nobody can be asked here; look with --dry-run, add --yes\n"
    )


def test_the_first_command_needs_no_target_folder(houses: Houses) -> None:
    houses.next.rmdir()
    plan = houses.json("plan")
    assert (plan["fine"], houses.next.exists()) == (True, False)
    made = houses.json("apply", "--yes", "--step", "config")
    assert (made["fine"], (houses.next / "config" / "production.json").is_file()) == (True, True)


def test_a_dry_run_and_a_plan_are_the_same_and_write_nothing(houses: Houses) -> None:
    plan, dry = houses.json("plan"), houses.json("apply", "--dry-run")
    assert outcomes(plan) == outcomes(dry)
    assert (plan["fine"], plan["run"], list(houses.next.iterdir())) == (True, "", [])


def test_there_by_phases_and_back(houses: Houses) -> None:
    before = tree_facts(houses.moc)
    first = houses.json("apply", "--yes", "--phase", "1")
    assert (first["fine"], {step["phase"] for step in first["steps"]}) == (True, {1})
    assert houses.json("apply", "--yes")["fine"]
    status, out, err = houses.run("apply", "--yes")
    assert (status, out.splitlines()[-1], err) == (0, "nothing to do", "")
    assert {one["state"] for one in houses.json("status")} == {"done"}
    assert outcomes(houses.json("verify"))["logs"] == "verified"
    assert houses.json("report", "--run", first["run"])["run"] == first["run"]
    whole = houses.json("report")
    assert {step["phase"] for step in whole["steps"]} == {1, 2, 3}
    assert len(whole["steps"]) == len(houses.json("status"))
    told = {step["name"]: len(step["findings"]) for step in whole["steps"]}
    assert (told["websocket"] > 0, whole["run"].startswith(first["run"])) == (True, True)
    assert houses.run("report", lang="ja_JP.UTF-8")[1].startswith("# 移行レポート ")
    back = houses.json("rollback", "--yes")
    assert (back["fine"], back["left"]) == (True, [])
    assert (tree_facts(houses.next), tree_facts(houses.moc)) == ({}, before)
    reports = houses.next / "data" / "migration" / "reports"
    assert {path.suffix for path in reports.iterdir()} == {".md", ".html", ".json"}


def test_a_rollback_says_first_what_goes_with_it(houses: Houses) -> None:
    houses.json("apply", "--yes", "--step", "state", "--step", "logs")
    dry = houses.json("rollback", "--dry-run", "--step", "logs")
    assert outcomes(dry) == {"logs": "planned"}
    status, _, err = houses.run("rollback", "--step", "logs")
    assert (status, "--yes" in err) == (1, True)
    assert outcomes(houses.json("rollback", "--yes", "--step", "logs")) == {"logs": "taken back"}
    assert {one["name"]: one["state"] for one in houses.json("status")}["state"] == "done"


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (
            ["apply", "--source", "工場/MOC", "--step", "ledger"],
            "no step ledger; there are: config, ",
        ),
        (["report"], "holds no report yet"),
        (["plan", "--source", "C:\\MOC"], "C:\\MOC is no folder"),
        (["apply", "--source", "."], "holds neither ORCH nor STATE, so it is no MOC folder; is "),
        (["plan", "--source", "工場/MOC/ORCH"], "is the ORCH folder itself: name "),
    ],
)
def test_what_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], told: str
) -> None:
    (tmp_path / "工場" / "MOC" / "ORCH" / "STATE").mkdir(parents=True)
    (tmp_path / "MOC" / "ORCH").mkdir(parents=True)
    places = {
        ".": str(tmp_path),
        "工場/MOC": str(tmp_path / "工場" / "MOC"),
        "工場/MOC/ORCH": str(tmp_path / "工場" / "MOC" / "ORCH"),
    }
    words = [places.get(word, word) for word in argv]
    assert main(["migrate", *words, "--target", str(tmp_path)], {}) == 1
    assert told in capsys.readouterr().err


def test_every_script_of_the_plan_is_there() -> None:
    assert sorted(FLAGS) == SCRIPTS


def script(name: str) -> Script:
    """Load a script as Python does, without running it."""
    found = runpy.run_path(str(REPOSITORY / "scripts" / name))["SCRIPT"]
    assert isinstance(found, Script)
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_move_their_part_when_told_to(
    houses: Houses, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    argv = [*FLAGS[name], *houses.folders]
    looks = {*script(name).looks, *script(name).rehearsals}
    assert run_script(script(name), argv) == (0 if looks else 1)
    assert list(houses.next.iterdir()) == []
    assert run_script(script(name), [*argv, "--yes"]) == 0
    capsys.readouterr()
    states = {one["name"]: one["state"] for one in houses.json("status")}
    assert {step for step, state in states.items() if state == "done"} == set(script(name).steps)


def test_a_part_alone(houses: Houses) -> None:
    argv = ["--logs", "--yes", *houses.folders]
    assert run_script(script("migrate_data.py"), argv) == 0
    assert sorted(path.name for path in (houses.next / "data").iterdir()) == ["logs", "migration"]


def test_a_bar_is_not_drawn_where_nobody_looks(houses: Houses) -> None:
    assert houses.run("apply", "--yes", "--step", "logs")[2] == ""


@pytest.mark.parametrize(("more", "asked"), [([], False), (["--check-requirements"], True)])
def test_pip_is_asked_only_on_demand(tmp_path: Path, more: list[str], asked: bool) -> None:
    args = build_parser().parse_args(
        ["migrate", "plan", "--source", ".", "--target", str(tmp_path), *more]
    )
    assert open_frame(args).house.options.check_requirements is asked


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    moc, target = build_moc(tmp_path), tmp_path / "移行先"
    for number in range(300):
        (moc / "ORCH" / "LOGS" / f"巡回{number}.log").write_bytes(b"x" * 2000)
    argv = [sys.executable, "-m", "orch_next", "migrate", "apply", "--yes"]
    folders = ["--source", str(moc), "--target", str(target)]
    with subprocess.Popen(
        [*argv, *folders], env=clean_environ(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        while (
            child.poll() is None and not (target / "data" / "migration" / "journal.json").exists()
        ):
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        told = child.communicate(timeout=PATIENCE)[1].decode()
    # 0: on a busy machine it may have been done before the signal came
    was_cut_off = "`orch-next migrate status`" in told
    assert (child.returncode, was_cut_off) in ((130, True), (0, False))
    assert main(["migrate", "apply", "--yes", *folders], {}) == 0
    assert main(["migrate", "verify", "--target", str(target)], {}) == 0


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_without_a_source_nothing_is_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert main(["migrate", verb, "--target", str(tmp_path), "--yes"], {}) == 2
    assert "name the old installation with --source" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_without_a_source_moves_no_samples(tmp_path: Path, name: str) -> None:
    argv = [*FLAGS[name], "--target", str(tmp_path), "--yes"]
    assert (run_script(script(name), argv), list(tmp_path.iterdir())) == (2, [])


def test_after_a_rollback_the_source_is_to_be_named_again(houses: Houses) -> None:
    assert houses.run("apply", "--yes", "--step", "logs")[0] == 0
    target = ["--target", str(houses.next)]
    assert main(["migrate", "plan", *target], {}) == 0
    assert main(["migrate", "rollback", "--yes", *target], {}) == 0
    assert main(["migrate", "plan", *target], {}) == 2


@pytest.mark.slow
@pytest.mark.parametrize("inside", [True, False])
def test_the_plans_first_commands_work_as_written(tmp_path: Path, inside: bool) -> None:
    build_moc(tmp_path)
    project = tmp_path / "ORCH-Next"
    shutil.copytree(REPOSITORY / "scripts", project / "scripts")
    # A copy: a link would lead back here, and the scripts' own project is their default target.
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "orch_next", project / "orch_next", ignore=skipped)
    start = "" if inside else "ORCH-Next/"
    for line in (
        "scripts/migrate_config.py --source MOC --target ORCH-Next --yes",
        "scripts/migrate_state.py --validate --backup --yes",
        "scripts/migrate_data.py --logs --metrics --yes",
    ):
        done = subprocess.run(
            [sys.executable, "-c", RUN_FROM, str(project), f"{start}{line}"],
            cwd=project if inside else tmp_path,
            env=clean_environ(PYTHONPATH=""),
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert (project / "config" / "production.json").is_file()
    assert (project / "ORCH" / "STATE" / "TASKS.md").is_file()
    assert not (project / "ORCH-Next").exists()


def test_what_stands_in_the_way_is_said_first(houses: Houses) -> None:
    (houses.moc / "ORCH" / "STATE" / "TASKS.md").write_bytes(b"<<<<<<< HEAD\n")
    lines = houses.run("plan")[1].splitlines()
    kinds = [line.split(": ")[1] for line in lines if line.count(": ") > 1]
    grave = [kind in ("blocker", "problem") for kind in kinds]
    assert ("blocker" in kinds, "warning" in kinds) == (True, True)
    assert grave == sorted(grave, reverse=True)


SECTIONS = """# 作業

## 進行中

#### 004-P3: ログの整理
- **task_id**: 004-P3
- **state**: READY
- **assigned_to**: WORK
"""


def test_what_a_refusal_names_is_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "ORCH" / "STATE"
    state.mkdir(parents=True)
    (state / "TASKS.md").write_text(SECTIONS, encoding="utf-8")
    root = ["--orch-root", str(tmp_path / "ORCH")]
    command = "orch-next migrate apply --step state --sections --source DIR --target DIR"
    for words in (["hold", "004-P3"], ["promote", "004-P3"], ["create", "--title", "新しい"]):
        assert main(["tasks", *words, *root], {}) == 1
        assert f"`{command}`" in capsys.readouterr().err
    assert (state / "TASKS.md").read_text(encoding="utf-8") == SECTIONS
    argv = [word.replace("DIR", str(tmp_path)) for word in command.split()[1:]]
    assert main([*argv, "--yes"], {}) == 0
    assert main(["tasks", "hold", "004-P3", *root], {}) == 0
    assert main(["tasks", "create", "--title", "新しい", *root], {}) == 0
    text = (state / "TASKS.md").read_text(encoding="utf-8")
    assert "| 004-P3 | ログの整理 | HOLD | WORK |" in text
    assert main(["migrate", "rollback", "--yes", "--target", str(tmp_path)], {}) == 0
    assert (state / "TASKS.md").read_text(encoding="utf-8") == SECTIONS


def test_without_ledgers_init_names_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--orch-root", str(tmp_path / "ORCH")], {}) == 1
    assert "`orch-next init --new`" in capsys.readouterr().err
