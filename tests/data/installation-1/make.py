"""Make a running installation of the version before the first numbered schema.

Run it in a checkout of that version: `python make.py FOLDER [DATABASE_URL]`; what it prints
is `facts.json`. The SQLite database was then written down with `.dump`, the one in PostgreSQL
with `pg_dump --no-owner`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

os.environ["TZ"] = "Asia/Tokyo"

from orch_next.app import create_app
from orch_next.realtime.events import Draft
from orch_next.realtime.sql_log import SqlEventLog
from orch_next.security.identities import Identities
from orch_next.sensors.history import HistoryStore, Point
from orch_next.sensors.alerts import AlertBook

AT = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
PASSWORD = "とても長いパスワード-1"  # noqa: S105


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


FOREIGN = (
    "CREATE TABLE audit_events (ts TEXT, event TEXT, actor TEXT, task_id TEXT, idem_key TEXT)",
    "INSERT INTO audit_events VALUES ('2025-10-01T00:00:00Z', '承認', '旧', '001', 'k-1')",
    "CREATE TABLE legacy_alerts (id INTEGER PRIMARY KEY, level TEXT, message TEXT)",
    "INSERT INTO legacy_alerts VALUES (1, 'warning', '旧の警告')",
    "CREATE TABLE metrics (name TEXT, value REAL)",
    "INSERT INTO metrics VALUES ('cpu', 1.5)",
)


def add_foreign(database: Any) -> None:
    with database.transaction() as connection:
        for statement in FOREIGN:
            connection.exec_driver_sql(statement)


def main(folder: Path, url: str) -> None:
    root = folder / "ORCH"
    (root / "STATE").mkdir(parents=True)
    (root / "LOGS").mkdir()
    samples = Path(__file__).resolve().parent.parent / "http"
    for path in samples.glob("*.md"):
        shutil.copy(path, root / "STATE" / path.name)
    (folder / "config").mkdir()
    (folder / "config" / "orch_next.toml").write_text(
        'auth = "token"\nlease_ttl_seconds = 1800\nhistory_days = 60\n', encoding="utf-8"
    )
    (folder / "config" / "cores.toml").write_text(
        '[cores.WORK_AI_01]\n\n[cores.WORK_AI_02]\nlimit = 2\n', encoding="utf-8"
    )
    clock = Clock()
    settings: dict[str, Any] = {"root": root, "auth": "token"}
    if url:
        settings["database_url"] = url
    app = create_app(settings, now=clock)
    orch = app.extensions["orch_next"]
    orch.board.journal.open()
    identities = Identities(orch.settings.database, now=clock)
    tokens = {role: identities.add(name, role)[1] for name, role in
              (("司令 太郎", "CMD"), ("作業 花子", "WORK"), ("監査 次郎", "AUDIT"))}
    identities.add_with_password("閲覧", "viewer", PASSWORD)
    live = app.extensions["orch_realtime"]
    live.pump.step()
    client = app.test_client()

    def ask(method: str, path: str, role: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {tokens[role]}", **headers}
        answer = client.open(path, method=method, json=body, headers=sent)
        print(method, path, answer.status_code, answer.get_data(as_text=True)[:300],
              file=sys.stderr)
        return answer.get_json()

    made = ask("POST", "/api/tasks/create", "CMD",
               {"title": "図面｜C:\\図面\\一.dwg の確認", "owner": "WORK"},
               **{"Idempotency-Key": "create-1"})
    ids = [one["id"] for one in ask("GET", "/api/tasks", "CMD")["tasks"]]
    task = made["task_id"] if "task_id" in made else made["id"]
    second = ask("POST", "/api/tasks/create", "CMD", {"title": "出荷の報告", "owner": "WORK"})
    other = second.get("task_id") or second.get("id")
    ask("POST", "/api/tasks/promote", "CMD", {"task_id": task})
    ask("POST", "/api/tasks/promote", "CMD", {"task_id": other})
    claim = ask("POST", "/api/agents/claim", "WORK", {"coreId": "WORK_AI_01", "task_id": task})
    done = ask("POST", "/api/agents/claim", "WORK", {"coreId": "WORK_AI_02", "task_id": other})
    (root / "REPORTS").mkdir()
    (root / "REPORTS" / "出荷.md").write_text("# 出荷\n完了\n", encoding="utf-8")
    ask("POST", "/api/leases/report", "WORK",
        {"job_id": other, "token": done["token"],
         "status": "REVIEW", "artifact": "ORCH/REPORTS/出荷.md", "message": "済"})
    ask("POST", "/api/agents/register", "CMD",
        {"id": "agent-1", "name": "端末一", "tags": ["図面"]})
    ask("POST", "/api/tasks/hold", "CMD", {"task_id": ids[1]})
    ask("POST", "/api/knowledge/save_outcome", "WORK",
        {"task_id": ids[0], "operation_type": "作業\\報告", "success": True,
         "execution_time_ms": 12.5})
    HistoryStore(orch.board.journal.database, "端末", days=60).add(
        Point(AT.timestamp(), 12.5, 50.0, 20.0, 0.25))
    AlertBook(orch.board.journal.database, is_mine=lambda: True).observe(
        [{"id": "task_timeout_001", "type": "warning", "title": "タスクタイムアウト",
          "message": "図 | 表"}], clock())
    orch.knowledge.catch_up()
    tasks = root / "STATE" / "TASKS.md"
    tasks.write_bytes(tasks.read_bytes().replace("優先".encode(), "最優先".encode()))
    orch.board.state.refresh()
    log = SqlEventLog(orch.board.journal.database)
    tasks = orch.board.state.tasks.records
    for number, one in enumerate(tasks):
        payload = {"task_id": one.id, "状態": one.status}
        log.append([Draft("task_updated", "task", one.id, f"{number:016d}", payload)], clock())
    add_foreign(orch.board.journal.database)
    facts = {"tokens": tokens, "password": PASSWORD, "claim": claim, "task": task, "other": other,
             "held": ids[1], "created": made, "newest_event": log.newest(), "at": clock().isoformat()}
    print(json.dumps(facts, ensure_ascii=False, indent=1))
    orch.board.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
