"""Undo, edits and history over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from orch_next.security.identities import Identity


def text(orch_root: Path, name: str = "TASKS.md") -> bytes:
    return (orch_root / "STATE" / name).read_bytes()


def entries(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/history{query}").get_json()["entries"]
    return found


def as_identity(app: Flask, *whoever: Identity) -> FlaskClient:
    """Return a client whose requests come from the identities in turn, then the last."""
    waiting = list(whoever)

    @app.before_request
    def identify() -> None:
        g.identity = waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return app.test_client()


def identity(role: str, name: str = "山田") -> Identity:
    return Identity("0" * 12, name, role, "")


def test_an_edit_changes_the_named_cells_and_no_other(client: FlaskClient, orch_root: Path) -> None:
    before = text(orch_root)
    body = {"task_id": "001", "title": "A | B", "notes": "", "due": None, "artifact": "C:\\作業\\"}
    answer = client.post("/api/tasks/update", json=body)
    line = "| 001 | A \\| B | REVIEW | WORK | - | - | - | 2025-10-07 | C:\\作業\\ | - |".encode()
    old = next(line for line in before.split(b"\r\n") if b"| 001 |" in line)
    assert text(orch_root) == before.replace(old, line)
    task = client.get("/api/tasks").get_json()["tasks"][0]
    assert answer.get_json() == {"success": True, "task": task, "rev": task["rev"]}
    assert entries(client)[0]["event"] == "task_edited"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "task_id is required"),
        ({"task_id": "001"}, 400, "name cells of title, owner, due, artifact, notes"),
        ({"task_id": "001", "status": "DONE"}, 400, "name cells of title"),
        ({"task_id": "001", "title": " "}, 400, "title is required"),
        ({"task_id": "001", "owner": ""}, 400, "owner is required"),
        ({"task_id": "001", "notes": 5}, 400, "notes must be a string"),
        ({"task_id": "001", "notes": "a\x00"}, 400, "a cell cannot hold"),
        ({"task_id": "999", "notes": "x"}, 200, "no task has the id '999'"),
        ({"task_id": "001", "notes": "x", "expected_rev": "0"}, 409, "001 is at revision"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(
    client: FlaskClient, orch_root: Path, body: dict[str, Any], status: int, error: str
) -> None:
    before = text(orch_root)
    answer = client.post("/api/tasks/update", json=body)
    assert (answer.status_code, answer.get_json()["success"]) == (status, False)
    assert error in answer.get_json()["error"]
    assert text(orch_root) == before


def test_strict_governance_lets_cells_be_edited_and_knows_the_owners(
    make_app: Callable[..., Flask],
) -> None:
    client = make_app(governance="strict").test_client()
    body = {"task_id": "deploy-004", "role": "WORK", "notes": "済"}
    assert client.post("/api/tasks/update", json=body).get_json()["success"] is True
    answer = client.post("/api/tasks/update", json={**body, "owner": "田中"})
    assert (answer.status_code, "owner must be one of" in answer.get_json()["error"]) == (400, True)


def test_undo_gives_the_bytes_back_and_undoing_it_is_redo(
    client: FlaskClient, orch_root: Path
) -> None:
    before = text(orch_root)
    client.post("/api/tasks/hold", json={"task_id": "002"})
    after = text(orch_root)
    answer = client.post("/api/undo/1", json={"actor": "山田"}).get_json()
    task = client.get("/api/tasks").get_json()["tasks"][1]
    assert answer == {
        **{"success": True, "undone": 1, "journal_id": 2, "kind": "task", "id": "002"},
        **{"task": task, "rev": task["rev"]},
    }
    assert text(orch_root) == before
    assert client.post("/api/undo/2", json={}).get_json()["journal_id"] == 3
    assert text(orch_root) == after


def test_undo_of_a_create_answers_without_a_row(client: FlaskClient, orch_root: Path) -> None:
    before = text(orch_root)
    client.post("/api/tasks/create", json={"title": "余分"})
    answer = client.post("/api/undo/1", json={}).get_json()
    assert (answer["task"], answer["rev"], answer["id"]) == (None, None, "003")
    assert text(orch_root) == before


def test_undo_of_a_decision_makes_it_pending_again(client: FlaskClient, orch_root: Path) -> None:
    before = text(orch_root, "APPROVALS.md")
    client.post("/api/approvals/reject", json={"appr_id": "A002", "comment": "証拠なし"})
    assert entries(client)[0]["comment"] == "証拠なし"
    assert client.post("/api/undo/1", json={}).get_json()["approval"]["status"] == "pending"
    assert text(orch_root, "APPROVALS.md") == before


def test_a_row_that_was_changed_since_comes_with_the_refusal(client: FlaskClient) -> None:
    client.post("/api/tasks/hold", json={"task_id": "001"})
    client.post("/api/tasks/promote", json={"task_id": "001", "actor": "WORK"})
    answer = client.post("/api/undo/1", json={})
    assert (answer.status_code, answer.get_json()) == (
        409,
        {
            "success": False,
            "error": "001 was changed since by WORK (task_promoted, entry 2)",
            "code": "changed_since",
            "changed_by": {
                "actor": "WORK",
                "source": "http",
                "ts": entries(client)[0]["ts"],
                "cells": ["status"],
            },
            "present": client.get("/api/tasks").get_json()["tasks"][0],
        },
    )


@pytest.mark.parametrize("entry", ["9", "0", "99999999999999999999999"])
def test_an_unknown_entry_is_404(client: FlaskClient, entry: str) -> None:
    answer = client.post(f"/api/undo/{entry}", json={})
    assert (answer.status_code, answer.get_json()["success"]) == (404, False)


@pytest.mark.parametrize(
    ("role", "allowed"), [("CMD", True), ("AUDIT", False), ("WORK", False), ("viewer", False)]
)
def test_undo_takes_the_rights_of_both_changes(
    app: Flask, orch_root: Path, role: str, allowed: bool
) -> None:
    client = as_identity(app, identity("CMD"), identity(role, "田中"))
    client.post("/api/tasks/hold", json={"task_id": "001"})
    before = text(orch_root)
    answer = client.post("/api/undo/1", json={})
    assert (answer.status_code, text(orch_root) != before) == (200 if allowed else 403, allowed)


def test_history_is_of_one_record_or_all_and_paged(client: FlaskClient) -> None:
    for verb in ("promote", "hold", "drop"):
        client.post(f"/api/tasks/{verb}", json={"task_id": "001"})
        client.post(f"/api/tasks/{verb}", json={"task_id": "002"})
    page = client.get("/api/history?kind=task&id=001&limit=2").get_json()
    assert ([entry["id"] for entry in page["entries"]], page["next_before"]) == ([5, 3], 3)
    rest = client.get("/api/history?kind=task&id=001&limit=2&before=3").get_json()
    assert ([entry["id"] for entry in rest["entries"]], rest["next_before"]) == ([1], None)
    assert [entry["undoable"] for entry in entries(client)] == [True, True, *[False] * 4]
    shown = entries(client, "?id=001&limit=1")[0]
    assert (shown["role"], shown["source"], shown["claimed"], shown["changes"]) == (
        *("CMD", "http", True),
        [{"cell": "status", "before": "HOLD", "after": "DROP"}],
    )


def test_an_outside_edit_is_in_the_history_and_can_be_undone(
    client: FlaskClient, orch_root: Path
) -> None:
    client.get("/api/tasks")
    path = orch_root / "STATE" / "TASKS.md"
    before = path.read_bytes()
    path.write_bytes(before.replace("UI統合テスト".encode(), "手で直した".encode()))
    client.get("/api/tasks")
    (entry,) = entries(client)
    assert (entry["actor"], entry["source"], entry["undoable"]) == ("outside", "outside", True)
    assert client.post(f"/api/undo/{entry['id']}", json={}).get_json()["success"] is True
    assert path.read_bytes() == before
