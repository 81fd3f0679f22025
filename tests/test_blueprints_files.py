"""Exports, evidence, raw ledgers and statistics over HTTP."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from orch_next.security.identities import Identity


def state(orch_root: Path, name: str = "TASKS.md") -> bytes:
    return (orch_root / "STATE" / name).read_bytes()


@pytest.mark.parametrize(("name", "kind"), [("tasks", "text/csv"), ("approvals", "text/csv")])
def test_csv_has_every_record(client: FlaskClient, name: str, kind: str) -> None:
    answer = client.get(f"/api/export/{name}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    listed = client.get(f"/api/{name}").json[name]
    assert rows == [{k: v for k, v in record.items() if k != "rev"} for record in listed]
    assert (answer.content_type, answer.headers["Content-Disposition"]) == (
        f"{kind}; charset=utf-8",
        f'attachment; filename="{name}.csv"',
    )


@pytest.mark.parametrize("name", ["tasks", "approvals"])
def test_json_has_the_lists_records(client: FlaskClient, orch_root: Path, name: str) -> None:
    answer = client.get(f"/api/export/{name}.json")
    assert answer.json == {
        name: client.get(f"/api/{name}").json[name],
        "digest": hashlib.sha256(state(orch_root, f"{name.upper()}.md")).hexdigest(),
        "stale": False,
    }


def test_markdown_is_the_ledgers_own_table(client: FlaskClient, orch_root: Path) -> None:
    answer = client.get("/api/export/tasks.md")
    table = state(orch_root).decode("utf-8-sig").split("\r\n", 2)[2]
    assert answer.data.decode().rstrip("\r\n") == table.rstrip("\r\n")
    assert answer.content_type == "text/markdown; charset=utf-8"
    rows = client.get("/api/export/approvals.md").data.decode().split("\n")
    assert [row[:6] for row in rows] == ["| appr", "|---|-", "| A001", "| A002", "", "| A003", ""]


def test_a_calendar_has_the_due_tasks(client: FlaskClient) -> None:
    answer = client.get("/api/export/tasks.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.data.count(b"BEGIN:VEVENT") == 2
    assert b"DTSTAMP:20251009T030405Z\r\n" in answer.data


@pytest.mark.parametrize("path", ["tasks.pdf", "approvals.ics", "milestones.csv", "tasks"])
def test_other_forms_are_unknown(client: FlaskClient, path: str) -> None:
    assert client.get(f"/api/export/{path}").status_code == 404


def test_a_damaged_ledger_is_exported_as_it_was_last_good(
    client: FlaskClient, orch_root: Path
) -> None:
    good = client.get("/api/export/tasks.csv").data
    path = orch_root / "STATE" / "TASKS.md"
    path.write_bytes(b"<<<<<<< HEAD\n" + path.read_bytes())
    assert client.get("/api/export/tasks.csv").data == good
    assert client.get("/api/export/tasks.json").json["stale"] is True
    answer = client.get("/api/export/tasks.md")
    assert (answer.status_code, "TASKS.md:1" in answer.json["error"]) == (500, True)


def test_a_missing_ledger_is_an_empty_file(client: FlaskClient, orch_root: Path) -> None:
    (orch_root / "STATE" / "APPROVALS.md").unlink()
    assert client.get("/api/export/approvals.md").data == b""
    assert client.get("/api/export/approvals.csv").data.count(b"\r\n") == 1


def test_evidence_is_read_by_its_windows_name(client: FlaskClient, orch_root: Path) -> None:
    (orch_root / "001.diff.md").write_bytes("差分 ①".encode("cp932"))
    answer = client.get("/api/approvals/A002/evidence")
    assert answer.json == {
        "appr_id": "A002",
        "path": "C:\\\\Users\\\\User\\\\ORCH\\\\001.diff.md",
        "kind": "file",
        **{"inside": True, "exists": True, "file": "ORCH/001.diff.md", "size": 7},
        "sha256": hashlib.sha256("差分 ①".encode("cp932")).hexdigest(),
        **{"recorded": None, "changed": None},
        **{"text": "差分 ①", "encoding": "cp932", "truncated": False},
    }


def test_evidence_that_is_not_there_is_said_to_be_missing(client: FlaskClient) -> None:
    found = client.get("/api/approvals/A003/evidence").json
    assert (found["kind"], found["exists"], found["text"]) == ("missing", False, None)
    assert client.get("/api/approvals/X/evidence").status_code == 404


@pytest.mark.parametrize(
    "cell",
    [
        "data/orch.db",
        "data/orch-next.db",
        "data/orch-next.db-wal",
        "data/secret.key",
        "../a",
        "config/cores.toml",
    ],
)
def test_evidence_never_shows_keys(client: FlaskClient, orch_root: Path, cell: str) -> None:
    for name in ("data/secret.key", "config/cores.toml", "../a"):
        path = orch_root.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("秘密", encoding="utf-8")
    path = orch_root / "STATE" / "APPROVALS.md"
    path.write_bytes(path.read_bytes().replace(b"C:\\ORCH\\002.md", cell.encode()))
    answer = client.get("/api/approvals/A003/evidence")
    assert (answer.status_code, answer.json["text"], answer.json["sha256"]) == (200, None, None)
    assert "秘密" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", ["tasks", "approvals", "milestones"])
def test_a_ledger_is_shown_raw(client: FlaskClient, orch_root: Path, name: str) -> None:
    data = state(orch_root, f"{name.upper()}.md")
    answer = client.get(f"/api/ledger/{name}")
    assert answer.json == {
        "file": f"{name.upper()}.md",
        "digest": hashlib.sha256(data).hexdigest(),
        "text": data.decode(),
        "problems": client.get(f"/api/{name}").json["problems"],
        **{"stale": False, "damaged": False, "missing": False},
    }
    headers = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(f"/api/ledger/{name}", headers=headers).status_code == 304


def test_a_damaged_ledger_is_shown_with_its_damage(client: FlaskClient, orch_root: Path) -> None:
    client.get("/api/tasks")
    path = orch_root / "STATE" / "TASKS.md"
    path.write_bytes(b"<<<<<<< HEAD\n" + path.read_bytes() + b"\xff")
    found = client.get("/api/ledger/tasks").json
    assert (found["damaged"], found["stale"], found["text"][-1]) == (True, True, "\ufffd")
    assert found["digest"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [problem["severity"] for problem in found["problems"]] == ["damage"]
    path.unlink()
    assert (
        client.get("/api/ledger/tasks").json["text"],
        client.get("/api/ledger/x").status_code,
    ) == (*("", 404),)


def test_statistics_count_what_happened(client: FlaskClient) -> None:
    client.post("/api/tasks/create", json={"title": "新"})
    client.post("/api/tasks/approve_done", json={"task_id": "003"})
    stats = client.get("/api/stats?days=1").json
    assert stats["throughput"] == [{"day": "2025-10-09", "created": 1, "done": 1}]
    assert (stats["days"], stats["moves"], stats["lead_time"]["median"]) == (1, 2, 0.0)
    assert client.get("/api/stats?days=999").json["days"] == 366
    spans = client.get("/api/stats/spans").json["spans"]
    assert spans["003"]["finished"] == "2025-10-09T03:04:05.678901Z"


@pytest.mark.parametrize(
    "path",
    [
        *("/api/history", "/api/stats", "/api/stats/spans", "/api/ledger/tasks"),
        *("/api/export/tasks.csv", "/api/approvals/A001/evidence"),
    ],
)
def test_a_viewer_may_read(app: Flask, path: str) -> None:
    @app.before_request
    def identify() -> None:
        g.identity = Identity("0" * 12, "見学", "viewer", "")

    assert app.test_client().get(path).status_code == 200
