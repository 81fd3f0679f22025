"""A MOC installation through all three phases, served, and back again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import pytest
import socketio

from orch_next.migrate.apply import apply
from orch_next.migrate.frame import Frame
from orch_next.migrate.house import House
from orch_next.migrate.order import all_steps
from orch_next.migrate.rollback import rollback
from orch_next.migrate.verify import verify
from tests.moc_databases import OUTCOMES
from tests.moc_tree import build_moc, tree_hash, tree_lines
from tests.patience import PATIENCE
from tests.sample import LEDGERS, clean_environ
from tests.servers import Server, running_server
from tests.signed import mac

NOW = datetime(2025, 10, 10, tzinfo=timezone.utc)
# in the fabricated tree's old configuration
WEBHOOK_SECRET = "fabricated-webhook-secret"
PHASES: tuple[Literal[1, 2, 3], ...] = (1, 2, 3)


def frame_of(source: Path, target: Path) -> Frame:
    return Frame(House(source.resolve(), target.resolve(), NOW), all_steps())


def move(frame: Frame) -> None:
    """Move phase by phase and expect each to be done and confirmed."""
    for phase in PHASES:
        steps = [step for step in frame.steps if step.phase == phase]
        report = apply(frame, steps)
        outcomes = {one.name: one.outcome for one in report.steps}
        assert (report.error, set(outcomes.values()) <= {"moved", "nothing"}) == ("", True), (
            outcomes
        )
        assert verify(frame, steps).is_fine


def go_back(frame: Frame) -> None:
    """Take the phases back, the last one first."""
    for phase in reversed(PHASES):
        report = rollback(frame, phase)
        assert (report.error, report.is_fine) == ("", True)


def real_moc(folder: Path) -> Path:
    """Return a MOC root around a copy of ledgers as installations have them."""
    state = folder / "MOC" / "ORCH" / "STATE"
    shutil.copytree(LEDGERS, state)
    for path in (state, *state.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder / "MOC"


def make_moc(folder: Path, sort: str) -> Path:
    """Return a MOC root: fabricated with either dialect of TASKS.md, or ledgers as they are."""
    if sort == "real":
        return real_moc(folder)
    return build_moc(folder, tasks="bullets" if sort == "bullets" else "table")


@pytest.mark.parametrize(
    ("sort", "same"), [("table", True), ("table", False), ("bullets", True), ("real", False)]
)
def test_there_and_back_leaves_the_same_tree(tmp_path: Path, sort: str, same: bool) -> None:
    moc = make_moc(tmp_path, sort)
    target = moc if same else tmp_path / "NEXT"
    target.mkdir(exist_ok=True)
    before, hashes = tree_lines(moc), (tree_hash(moc), tree_hash(target))
    frame = frame_of(moc, target)
    move(frame)
    if not same:
        assert tree_lines(moc) == before
    again = apply(frame, frame.steps)
    assert {one.outcome for one in again.steps} == {"nothing"}
    go_back(frame)
    assert tree_lines(moc) == before
    assert (tree_hash(moc), tree_hash(target)) == hashes


class Visitor:
    """A client with the token of an identity: the move switched authentication on."""

    def __init__(self, server: Server, token: str) -> None:
        self.server, self.token = server, token

    def open(self, path: str, data: bytes | None = None, **more: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        request = urllib.request.Request(self.server.url + path, data=data, headers=headers)
        return urllib.request.urlopen(request, timeout=PATIENCE)

    def get(self, path: str) -> Any:
        with self.open(path) as answer:
            return json.load(answer)


def new_token(moc: Path) -> str:
    """Add an identity with the command that the manual names, and return its token."""
    words = ["identity", "add", "監査係", "--role", "AUDIT", "--json"]
    command = [sys.executable, "-m", "orch_next", *words, "--orch-root", str(moc / "ORCH")]
    done = subprocess.run(command, env=clean_environ(), capture_output=True, check=True)
    return str(json.loads(done.stdout)["token"])


@pytest.mark.parametrize("same", [True, False], ids=["same folder", "two folders"])
def test_the_moved_installation_is_served(tmp_path: Path, same: bool) -> None:
    old = build_moc(tmp_path)
    new = old if same else tmp_path / "NEXT"
    new.mkdir(exist_ok=True)
    (tmp_path / "server").mkdir()
    frame = frame_of(old, new)
    move(frame)
    token = new_token(new)
    with running_server(tmp_path / "server", env={"ORCH_ROOT": str(new / "ORCH")}) as server:
        visitor = Visitor(server, token)
        check_ledgers(visitor)
        check_audit(visitor)
        check_knowledge(visitor)
        check_stores(visitor)
        check_live(visitor)
    assert "Traceback" not in server.log()


def check_ledgers(visitor: Visitor) -> None:
    tasks = {one["id"]: one for one in visitor.get("/api/tasks")["tasks"]}
    assert {"001", "002", "003", "deploy-004", "006", "007"} <= set(tasks)
    assert tasks["003"]["title"] == "承認 A | B の比較"
    approvals = {one["appr_id"]: one for one in visitor.get("/api/approvals")["approvals"]}
    assert set(approvals) == {"A001", "A002", "A003", "A017"}
    milestones = visitor.get("/api/milestones")["milestones"]
    assert [one["ms_id"] for one in milestones] == ["M1", "M2"]


def check_audit(visitor: Visitor) -> None:
    events = visitor.get("/audit/events?limit=100")
    moved = {one["timestamp"] for one in events if one["event_type"] == "webhook"}
    assert moved == {"2025-10-07T00:00:00Z", "2025-10-08T00:00:00Z"}
    lines = [one["details"] for one in events if one["event_type"] == "approval_log"]
    assert any("id=deploy-004 op=pending→rejected" in line for line in lines)


def check_knowledge(visitor: Visitor) -> None:
    found = visitor.get("/api/knowledge/search?q=%E6%99%82%E9%96%93%E5%88%87%E3%82%8C")
    assert len(found["results"]) == 4
    outcomes = visitor.get("/api/knowledge/work_outcomes/005")["work_outcomes"]
    assert {one["error_message"] for one in outcomes} >= {"承認待ちで時間切れ"}
    status = visitor.get("/api/ml/status")
    assert status["training_data_count"] == OUTCOMES


def check_stores(visitor: Visitor) -> None:
    items = visitor.get("/api/work/instructions")["items"]
    assert [one["id"] for one in items] == ["INS-1759800000", "INS-1759800100"]
    assert [one["name"] for one in visitor.get("/api/agents/list")] == ["監査係"]


def check_live(visitor: Visitor) -> None:
    """A Socket.IO client is greeted, a stream sends, only a signed webhook is taken."""
    client = socketio.SimpleClient()
    client.connect(visitor.server.url, auth={"token": visitor.token})
    assert client.receive(timeout=PATIENCE)[0] in ("status", "initial_data")
    client.disconnect()
    with visitor.open("/events") as stream:
        assert stream.headers.get_content_type() == "text/event-stream"
        assert any(stream.readline().startswith(b"data:") for _ in range(50))
    body = json.dumps({"job_id": "007", "status": "READY", "message": "移行後"}).encode()
    with pytest.raises(urllib.error.HTTPError, match="401"):
        visitor.open("/callbacks/terminal", body, Idempotency_Key="after-1")
    signed = {"Idempotency_Key": "after-2", "X_Signature": mac(body, WEBHOOK_SECRET)}
    assert visitor.open("/callbacks/terminal", body, **signed).status == 202


def test_what_was_written_since_is_kept(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    before = tree_hash(moc)
    frame = frame_of(moc, moc)
    apply(frame, [step for step in frame.steps if step.name == "logs"])
    catalogue = moc / "data" / "logs" / "index.json"
    catalogue.write_text("あとから書かれた", encoding="utf-8")
    go_back(frame)
    assert tree_hash(moc) == before
    kept = [path for path in (moc / "data/migration/kept").rglob("*") if path.is_file()]
    assert "あとから書かれた" in {path.read_text("utf-8", "replace") for path in kept}


def test_a_single_step_goes_back_alone(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    frame = frame_of(moc, moc)
    apply(frame, [step for step in frame.steps if step.name == "logs"])
    assert not (moc / "ORCH" / "LOGS" / "2025-10" / "dispatcher.log").exists()
    report = rollback(frame, None, ["logs"])
    assert [one.name for one in report.steps] == ["logs"]
    assert (moc / "ORCH" / "LOGS" / "2025-10" / "dispatcher.log").exists()


def test_secrets_stay_closed_and_out_of_reports(tmp_path: Path) -> None:
    old, new = build_moc(tmp_path), tmp_path / "NEXT"
    new.mkdir()
    frame = frame_of(old, new)
    told = repr([apply(frame, [step]) for step in frame.steps])
    secrets = (WEBHOOK_SECRET, "fabricated-hmac-key", "fabricated-password-hash")
    assert [one for one in (*secrets, "fabricated-mail-password") if one in told] == []
    if os.name == "posix":
        closed = ("config/secrets.json", "data/security.db")
        assert [name for name in closed if (new / name).stat().st_mode & 0o077] == []
