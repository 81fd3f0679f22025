"""Take the pictures of docs/screenshots: every page over the sample ledgers.

    python scripts/screenshots.py [FOLDER]

Needs Chromium and the extra `test`. The sample is copied; dates move so that today is in it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402  # after the path

from tests.browser import ARGUMENTS, NAMES  # noqa: E402
from tests.live_clients import post  # noqa: E402
from tests.repositories import Git  # noqa: E402
from tests.servers import Server, copy_orch, running_server  # noqa: E402

TARGET = ROOT / "docs" / "screenshots"
PAGES = {
    "overview": "/",
    "board": "/tasks",
    "table": "/tasks?view=table",
    "new-task": "/tasks/new",
    "task": "/tasks/003",
    "timeline": "/timeline?finished=1",
    "flow": "/flow?task=005",
    "approvals": "/approvals",
    "console": "/console",
    "agents": "/agents",
    "realtime": "/realtime",
    "monitoring": "/monitoring",
    "ml": "/ml",
    "ps1": "/ps1",
    "results": "/results?words=承認",
    "ledger": "/ledger",
    "history": "/history",
    "rules": "/rules",
    "git": "/git",
    "security": "/security",
}
# What is also shown in another form: name -> (page, language, theme, width).
OTHERS = {
    "board-dark-en": ("board", "en", "dark", 1280),
    "overview-dark": ("overview", "ja", "dark", 1280),
    "board-phone": ("board", "ja", "light", 390),
    "task-phone": ("task", "ja", "light", 390),
}
SETTLED_MS = 3500


def main(words: list[str]) -> int:
    """Take every picture into the named folder."""
    folder = Path(words[0]) if words else TARGET
    folder.mkdir(parents=True, exist_ok=True)
    program = next(found for name in NAMES if (found := shutil.which(name)))
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_server(prepare(Path(scratch))) as server,
        sync_playwright() as playwright,
    ):
        live(server)
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for name in PAGES:
            take(browser, server, folder / f"{name}.png", name, "ja", "light", 1280)
        for name, (page, lang, theme, width) in OTHERS.items():
            take(browser, server, folder / f"{name}.png", page, lang, theme, width)
        browser.close()
    return 0


def prepare(scratch: Path) -> Path:
    """Copy the sample into a git repository, its dates moved to the weeks around today."""
    orch = copy_orch(scratch)
    moved = date.today() - date(2025, 10, 14)
    for name in ("TASKS.md", "MILESTONES.md"):
        path = orch / "STATE" / name
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"2025-\d\d-\d\d", lambda m: later(m[0], moved), text), "utf-8")
    git = Git(orch.parent)
    git("init", "-q", "-b", "main")
    git("config", "user.name", "ORCH")
    git("config", "user.email", "orch@example.invalid")
    git.commit("台帳を置く")
    git("checkout", "-q", "-b", "review")
    git.commit("文言の見直し", words_md="承認\n")
    git("checkout", "-q", "main")
    git.commit("手順書の下書き", guide_md="手順\n")
    git("merge", "-q", "--no-ff", "-m", "見直しを合わせる", "review")
    return scratch


def later(day: str, moved: timedelta) -> str:
    """Return an ISO day so much later."""
    return (date.fromisoformat(day) + moved).isoformat()


def live(server: Server) -> None:
    """Let something happen, so that history, flow and agents have something to show."""
    for verb, task_id in (("promote", "006"), ("hold", "005"), ("promote", "005")):
        post(server.port, f"/api/tasks/{verb}", {"task_id": task_id, "actor": "CMD", "role": "CMD"})
    for agent, name in (("WORK_AI_01", "作業コア 1"), ("AUDIT_AI_01", "監査コア 1")):
        post(server.port, "/api/agents/heartbeat", {"id": agent})
        post(server.port, "/api/agents/update", {"id": agent, "name": name, "tags": ["sample"]})
    outcome = {"task_id": "002", "operation_type": "画面設計の承認", "success": True}
    post(server.port, "/api/knowledge/save_outcome", {**outcome, "execution_time_ms": 84000})


def take(
    browser: Browser, server: Server, path: Path, name: str, lang: str, theme: str, width: int
) -> None:
    """Take one page as it looks once it has settled."""
    context = browser.new_context(
        base_url=server.url,
        locale="ja-JP" if lang == "ja" else "en-US",
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page: Page = context.new_page()
    page.goto(PAGES[name])
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
