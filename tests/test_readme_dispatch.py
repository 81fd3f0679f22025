"""The README's second thing to try: its commands, run as they stand against a fresh copy."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live_clients import listeners
from tests.patience import PATIENCE, until
from tests.sample import REPOSITORY, changed_lines
from tests.servers import Server, copy_orch, running_server

TASKS = ("004", "005", "006")


def commands(name: str) -> list[str]:
    """Return the commands of the section about cores."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    (section,) = re.findall(
        r"^## [^\n]*(?:a core that works|コアに仕事).*?(?=^## )", text, re.M | re.S
    )
    return [line.strip() for line in section.splitlines() if line.startswith(" " * 7)]


def run(server: Server, command: str) -> None:
    line = command.replace("http://127.0.0.1:5001", server.url).replace("curl", "curl -fsS")
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=PATIENCE)


def statuses(server: Server) -> list[str]:
    return [json.loads(server.get(f"/jobs/{task_id}"))["status"] for task_id in TASKS]


def test_both_languages_have_the_same_commands() -> None:
    assert commands("README.ja.md") == commands("README.md")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_three_tasks_become_done_as_the_readme_says(tmp_path: Path) -> None:
    posts = [command for command in commands("README.md") if command.startswith("curl -X POST")]
    promotions, starts = posts[:2], posts[2:3]
    approvals, stops = posts[3:6], posts[6:]
    moc = copy_orch(tmp_path).parent
    for folder in ("config", "scripts"):
        shutil.copytree(REPOSITORY / folder, moc / folder)
    cores = moc / "config" / "cores.toml"
    allowed = re.sub(
        r"(?m)^(allow_commands_without_token =) false$", r"\1 true", cores.read_text("utf-8")
    )
    assert allowed != cores.read_text("utf-8")
    cores.write_text(allowed, encoding="utf-8")
    ledgers = [moc / "ORCH" / "STATE" / name for name in ("TASKS.md", "APPROVALS.md")]
    before = [path.read_text("utf-8") for path in ledgers]
    with running_server(tmp_path) as server, listeners(server.port, ["websocket"]) as (client,):
        for command in promotions + starts:
            run(server, command)
        assert client.wait(3, "approval_updated")
        assert statuses(server) == ["REVIEW"] * 3
        for command in approvals:
            run(server, command)
        assert client.wait(3, "job_decided")
        run(server, stops[0])
        until(lambda: statuses(server) == ["DONE"] * 3)
    said = [one["line"] for one in client.payloads("job_log") if one["job_id"] == "005"]
    assert said[:4] == ["005 自動テストの整備 (attempt 1)", "reading", "working", "writing"]
    after = [path.read_text("utf-8") for path in ledgers]
    for old, new in changed_lines(before[0], after[0]):
        cells = zip(old.split(" | "), new.split(" | "), strict=True)
        assert [place for place, (was, now) in enumerate(cells) if was != now] == [2, 8]
    assert len(set(after[1].splitlines()) - set(before[1].splitlines())) == 3
