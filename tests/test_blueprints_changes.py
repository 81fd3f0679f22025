"""Changes over HTTP: the bytes they leave, revisions, keys, authors, the journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask, g
from flask.testing import FlaskClient


class Identity(NamedTuple):
    name: str
    role: str


def lines(root: Path, name: str = "TASKS.md") -> list[bytes]:
    return (root / "STATE" / name).read_bytes().splitlines(keepends=True)


def changed(before: list[bytes], after: list[bytes]) -> list[bytes]:
    return [new for old, new in zip(before, after, strict=True) if old != new]


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("promote", "READY"),
        ("approve_done", "DONE"),
        ("request_fix", "FIX"),
        ("hold", "HOLD"),
        ("drop", "DROP"),
    ],
)
def test_a_verb_changes_one_line(
    client: FlaskClient, orch_root: Path, verb: str, status: str
) -> None:
    before = lines(orch_root)
    client.post(f"/api/tasks/{verb}", json={"task_id": "001"})
    old = next(line for line in before if b"| 001 |" in line)
    assert changed(before, lines(orch_root)) == [old.replace(b"REVIEW", status.encode())]


def test_hold_frees_the_lock(client: FlaskClient) -> None:
    task = client.post("/api/tasks/hold", json={"task_id": "002"}).get_json()["task"]
    assert [task[name] for name in ("status", "lock", "lock_owner", "lock_expires_at")] == [
        *("HOLD", "-", "-", "-")
    ]


def test_a_new_task_is_one_more_row(client: FlaskClient, orch_root: Path) -> None:
    before = lines(orch_root)
    body = {"title": "配布 | 手順\nと検証", "due_date": "2025-12-01", "owner": "WORK"}
    answer = client.post("/api/tasks/create", json=body).get_json()
    assert lines(orch_root)[:-1] == before
    task = client.get("/api/tasks").get_json()["tasks"][-1]
    assert task == answer["task"]
    assert (task["id"], task["title"], task["due"], task["notes"]) == (
        *("003", "配布 | 手順 と検証", "2025-12-01", "-"),
    )


@pytest.mark.parametrize("name", ["due", "due_date"])
def test_the_pages_form_may_name_the_date_either_way(client: FlaskClient, name: str) -> None:
    answer = client.post("/api/task/create", json={"title": "課題", name: "2025-12-01"}).get_json()
    assert answer["task"]["due"] == "2025-12-01"


def test_a_decision_changes_four_cells(client: FlaskClient, orch_root: Path) -> None:
    before = lines(orch_root, "APPROVALS.md")
    body = {"appr_id": "A002", "approver": "監査", "approver_role": "AUDIT"}
    client.post("/api/approvals/approve", json=body)
    assert changed(before, lines(orch_root, "APPROVALS.md")) == [
        "| A002 | 001 | タスク実装 | approved | WORK | 監査 | AUDIT | 2025-10-07T15:30:00Z "
        "| 2025-10-09T03:04:05Z | C:\\\\Users\\\\User\\\\ORCH\\\\001.diff.md |\n".encode()
    ]


def test_a_jobs_comment_is_journalled_and_not_its_role(client: FlaskClient) -> None:
    client.post("/jobs/001/approve", json={"approver": "AUDIT", "comment": "確認済み"})
    row = client.get("/api/approvals").get_json()["approvals"][1]
    assert (row["status"], row["approver"], row["approver_role"]) == ("approved", "AUDIT", "AUDIT")
    (event,) = client.get("/audit/events?type=approval_decided").get_json()
    assert "確認済み" in event["details"]


@pytest.mark.parametrize("how", ["header", "quoted header", "body"])
def test_a_revision_that_fits_is_taken(client: FlaskClient, how: str) -> None:
    rev = client.get("/api/tasks").get_json()["tasks"][0]["rev"]
    header = {"header": rev, "quoted header": f'"{rev}"', "body": ""}[how]
    body = {"task_id": "001", **({"expected_rev": rev} if how == "body" else {})}
    answer = client.post("/api/tasks/hold", json=body, headers={"If-Match": header})
    assert (answer.status_code, answer.get_json()["success"]) == (200, True)


@pytest.mark.parametrize("path", ["/api/tasks/hold", "/api/approvals/approve"])
def test_an_old_revision_gets_the_present_row(
    client: FlaskClient, orch_root: Path, path: str
) -> None:
    body = {"task_id": "001", "appr_id": "A002", "expected_rev": "0" * 12}
    before = lines(orch_root), lines(orch_root, "APPROVALS.md")
    answer = client.post(path, json=body)
    key, place = ("tasks", 0) if "tasks" in path else ("approvals", 1)
    row = client.get(f"/api/{key}").get_json()[key][place]
    assert (answer.status_code, answer.get_json()["success"]) == (409, False)
    assert answer.get_json()["present"] == row
    assert (lines(orch_root), lines(orch_root, "APPROVALS.md")) == before


@pytest.mark.parametrize("header", ['W/"abc"', '"a", "b"'])
def test_an_if_match_that_names_no_revision_is_refused(client: FlaskClient, header: str) -> None:
    answer = client.post("/api/tasks/hold", json={"task_id": "001"}, headers={"If-Match": header})
    assert (answer.status_code, answer.get_json()["error"]) == (
        400,
        "If-Match must be one strong revision",
    )


@pytest.mark.parametrize(
    ("body", "headers"), [({"expected_rev": ""}, {}), ({}, {"If-Match": '""'})]
)
def test_an_empty_revision_fits_no_row(
    client: FlaskClient, orch_root: Path, body: dict[str, str], headers: dict[str, str]
) -> None:
    before = lines(orch_root)
    answer = client.post("/api/tasks/hold", json={"task_id": "001", **body}, headers=headers)
    assert (answer.status_code, lines(orch_root)) == (409, before)


def test_a_revision_of_null_counts_as_absent(client: FlaskClient) -> None:
    answer = client.post("/api/tasks/hold", json={"task_id": "001", "expected_rev": None})
    assert (answer.status_code, answer.get_json()["success"]) == (200, True)


def test_a_key_used_for_another_task_is_refused(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "e7c2"}
    client.post("/api/tasks/create", json={"title": "一度だけ"}, headers=headers)
    answer = client.post("/api/tasks/create", json={"title": "別の課題"}, headers=headers)
    assert (answer.status_code, answer.get_json()["success"]) == (409, False)
    assert client.get("/api/tasks").get_json()["count"] == 4


@pytest.mark.parametrize("appr_id", ["A/2", "..", "承認 2", "%2F"])
def test_every_approval_id_can_be_decided(
    client: FlaskClient, orch_root: Path, appr_id: str
) -> None:
    path = orch_root / "STATE" / "APPROVALS.md"
    path.write_bytes(path.read_bytes().replace(b"A002", appr_id.encode()))
    answer = client.post("/api/approvals/approve", json={"appr_id": appr_id})
    assert answer.get_json()["approval"]["status"] == "approved"


def test_a_repeated_create_is_one_task(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "e7c1"}
    first, again = (
        client.post("/api/task/create", json={"title": "一度だけ"}, headers=headers).get_json()
        for _ in range(2)
    )
    assert (first["id"], again["id"]) == ("003", "003")
    assert client.get("/api/tasks").get_json()["count"] == 4


def test_a_claimed_author_is_journalled(client: FlaskClient) -> None:
    client.post("/api/tasks/hold", json={"task_id": "001", "actor": "山田"})
    (event,) = client.get("/audit/events").get_json()
    assert (event["user_id"], event["resource_type"], event["resource_id"]) == (
        *("山田", "task", "001"),
    )


def test_a_proven_identity_stands_for_an_absent_name(app: Flask) -> None:
    @app.before_request
    def identify() -> None:
        g.identity = Identity("aiko", "AUDIT")

    client = app.test_client()
    answer = client.post("/api/approvals/approve", json={"appr_id": "A002"})
    row = answer.get_json()["approval"]
    assert (row["approver"], row["approver_role"]) == ("aiko", "AUDIT")


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 3), ("?limit=2", 2), ("?limit=x", 3), ("?limit=-1", 1), ("?limit=٣", 3)],
)
def test_audit_events_are_limited(client: FlaskClient, query: str, count: int) -> None:
    for verb in ("promote", "hold", "drop"):
        client.post(f"/api/tasks/{verb}", json={"task_id": "001"})
    assert len(client.get(f"/audit/events{query}").get_json()) == count


def test_audit_events_are_filtered_by_type(client: FlaskClient) -> None:
    for verb in ("promote", "hold"):
        client.post(f"/api/tasks/{verb}", json={"task_id": "001"})
    kinds = [event["event_type"] for event in client.get("/audit/events").get_json()]
    (event,) = client.get(f"/audit/events?type={kinds[0]}").get_json()
    assert (len(set(kinds)), event["event_type"]) == (2, kinds[0])


def test_strict_governance_says_why_it_refuses(make_app: Callable[..., Flask]) -> None:
    client = make_app(governance="strict").test_client()
    answer = client.post("/api/tasks/approve_done", json={"task_id": "002"})
    assert (answer.status_code, answer.get_json()["success"]) == (200, False)
    assert "PLAN" in answer.get_json()["error"]


def test_a_damaged_ledger_takes_no_change(client: FlaskClient, orch_root: Path) -> None:
    client.get("/api/tasks")
    path = orch_root / "STATE" / "TASKS.md"
    path.write_bytes(b"<<<<<<< HEAD\n" + path.read_bytes())
    before = path.read_bytes()
    answer = client.post("/api/tasks/hold", json={"task_id": "001"})
    assert (answer.status_code, answer.get_json()["success"], path.read_bytes()) == (
        409,
        False,
        before,
    )
