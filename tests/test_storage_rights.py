"""What root writes once stays usable for the server's user; a disk that refuses is named."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers import PROJECT

NOBODY = 65534
_READING = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
pytestmark = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can act as two users",
)


@pytest.fixture
def moc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a MOC root that belongs to an ordinary user, who can reach it."""
    folder = tmp_path_factory.mktemp("権限")
    for one in (folder, *folder.parents):
        if one != Path("/") and not one.stat().st_mode & 0o001:
            one.chmod(one.stat().st_mode | 0o011)
    root = folder / "MOC"
    shutil.copytree(PROJECT / "ORCH", root / "ORCH")
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return root


def run(root: Path, words: list[str], *, user: int = 0) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "HOME": str(root)}
    environ |= {"ORCH_ROOT": str(root / "ORCH"), "PYTHONDONTWRITEBYTECODE": "1"}
    # Python itself may lie where only root comes: reading is allowed, writing is not.
    become = [*("--reuid", str(user), "--regid", str(user), "--clear-groups"), *_READING]
    command = [*(["setpriv", *become] if user else []), sys.executable, *words]
    return subprocess.run(
        command, env=environ, cwd=PROJECT, capture_output=True, text=True, check=False
    )


def cli(root: Path, *words: str, user: int = 0) -> tuple[int, str]:
    done = run(root, ["-m", "orch_next", *words], user=user)
    return done.returncode, done.stdout + done.stderr


ASK = """
import sys, json
from orch_next.app import create_app
app = create_app()
for method, path, body in json.loads(sys.argv[1]):
    answer = app.test_client().open(path, method=method, json=body)
    print(json.dumps([answer.status_code, answer.get_json()]))
"""


def ask(root: Path, *requests: tuple[str, str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Answer requests as an ordinary user's server would."""
    done = run(root, ["-c", ASK, json.dumps(requests)], user=NOBODY)
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def owners(root: Path) -> set[int]:
    return {path.lstat().st_uid for path in (root, *root.rglob("*"))}


def test_a_write_as_root_leaves_a_server_that_writes(moc: Path) -> None:
    assert cli(moc, "tasks", "promote", "006")[0] == 0
    assert owners(moc) == {NOBODY}
    assert (moc / "data" / "orch-next.db").exists()
    assert cli(moc, "tasks", "hold", "006", user=NOBODY) == (0, "006 HOLD\n")
    ((status, answer),) = ask(moc, ("POST", "/api/tasks/promote", {"task_id": "006"}))
    assert (status, answer["success"]) == (200, True)
    assert owners(moc) == {NOBODY}


def test_roots_old_lock_files_are_told_and_given_back(moc: Path) -> None:
    for name in (".TASKS.md.lock", ".TASKS.md.lock-next"):
        (moc / "ORCH" / "STATE" / name).touch(0o644)
    status, said = cli(moc, "doctor", user=NOBODY)
    lines = [line for line in said.splitlines() if "owned by root" in line]
    assert (status, len(lines)) == (1, 2)
    assert f"chown {NOBODY}:{NOBODY} " in lines[0]
    assert cli(moc, "tasks", "promote", "006")[0] == 0
    assert owners(moc) == {NOBODY}


def test_locks_are_writable_for_whom_the_ledger_is(moc: Path) -> None:
    state = moc / "ORCH" / "STATE"
    for path in (state, *state.glob("*.md")):
        path.chmod(path.stat().st_mode | 0o020)
    assert cli(moc, "tasks", "promote", "006", user=NOBODY)[0] == 0
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in state.glob(".TASKS.md.lock*")}
    assert modes == {".TASKS.md.lock": 0o664, ".TASKS.md.lock-next": 0o664}


def test_a_readonly_state_is_named_without_its_place(moc: Path) -> None:
    assert cli(moc, "tasks", "promote", "006", user=NOBODY)[0] == 0
    state = moc / "ORCH" / "STATE"
    for path in (state, *state.iterdir()):
        os.chown(path, 0, 0)
    write, dispatch, read = ask(
        moc,
        ("POST", "/api/tasks/hold", {"task_id": "006"}),
        ("POST", "/dispatch", {"coreId": "WORK_AI_01"}),
        ("GET", "/api/tasks", None),
    )
    assert write == (
        503,
        {"success": False, "error": "TASKS.md: not locked: Permission denied"},
    )
    assert (dispatch[0], dispatch[1]["message"]) == (503, "STATE cannot be written")
    assert read[0] == 200


def test_everything_is_closed_to_others(moc: Path) -> None:
    """Also what an earlier version left open, as soon as the server starts."""
    data = moc / "data"
    data.mkdir(0o755)
    old = {data / "agents_registry.json": "[]", moc / "ORCH/LOGS/jobs/006-1.log": "出力\n"}
    for path, text in old.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in (moc, *moc.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    start = "from orch_next.app import create_app, start_background as s; s(create_app())"
    done = run(moc, ["-c", f"{start}; import os; os._exit(0)"], user=NOBODY)
    assert done.returncode == 0, done.stderr
    found = {
        str(path.relative_to(moc)): stat.S_IMODE(path.stat().st_mode)
        for path in (data, *data.glob("[a-z]*"), *(moc / "ORCH" / "LOGS" / "jobs").glob("*"))
    }
    assert found.pop("data") == 0o700
    assert {"data/orch-next.db", "data/secret.key", "data/agents_registry.json"} <= set(found)
    assert set(found.values()) == {0o600}


def test_doctor_warns_of_what_others_may_read(moc: Path) -> None:
    assert cli(moc, "tasks", "promote", "006", user=NOBODY)[0] == 0
    (moc / "data").chmod(0o755)
    said = cli(moc, "doctor", user=NOBODY)[1]
    assert f"{moc}/data is open to others (mode 0755); mend: chmod 700 " in said
