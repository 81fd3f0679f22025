"""Lists: values, ETag and 304, stale and damaged ledgers, paging."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

LISTS = ["/api/tasks", "/api/approvals", "/api/milestones", "/api/overview", "/jobs"]


def damage(root: Path, name: str) -> None:
    path = root / "STATE" / name
    path.write_bytes(b"<<<<<<< HEAD\n" + path.read_bytes() + b"=======\n>>>>>>> branch\n")


def test_tasks_are_the_ledgers_rows(client: FlaskClient) -> None:
    answer = client.get("/api/tasks").get_json()
    assert [(task["id"], task["title"], task["status"]) for task in answer["tasks"]] == [
        ("001", "UI統合テスト", "REVIEW"),
        ("002", "配布 | 検証 <script>alert(1)</script>", "PLAN"),
        ("deploy-004", "運用状況の検証", "DONE"),
    ]
    assert answer["count"] == 3


def test_windows_paths_come_back_unchanged(client: FlaskClient) -> None:
    rows = client.get("/api/approvals").get_json()["approvals"]
    assert [row["evidence"] for row in rows] == [
        r"C:\Users\User\ORCH\TASKS.md",
        r"C:\\Users\\User\\ORCH\\001.diff.md",
        r"C:\ORCH\002.md",
    ]


def test_milestone_ids_are_arrays(client: FlaskClient) -> None:
    (row,) = client.get("/api/milestones").get_json()["milestones"]
    assert (row["epic_ids"], row["task_ids"]) == (["E1", "E2"], ["001", "002"])


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_the_client_has_is_not_sent_again(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [path for path in LISTS if "milestones" not in path])
def test_a_change_gives_a_new_etag(client: FlaskClient, path: str) -> None:
    before = client.get(path).headers["ETag"]
    client.post("/api/tasks/drop", json={"task_id": "002"})
    client.post("/api/approvals/approve", json={"appr_id": "A002"})
    answer = client.get(path, headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != before


def test_an_edit_from_outside_is_served(client: FlaskClient, orch_root: Path) -> None:
    client.get("/api/tasks")
    path = orch_root / "STATE" / "TASKS.md"
    path.write_bytes(path.read_bytes().replace("UI統合テスト".encode(), "画面テスト".encode()))
    assert client.get("/api/tasks").get_json()["tasks"][0]["title"] == "画面テスト"


@pytest.mark.parametrize("path", ["/api/tasks", "/api/approvals", "/api/milestones"])
def test_a_missing_ledger_is_an_empty_list(client: FlaskClient, orch_root: Path, path: str) -> None:
    key = path.removeprefix("/api/")
    (orch_root / "STATE" / f"{key.upper()}.md").unlink()
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()[key], answer.get_json()["count"]) == (200, [], 0)


def test_damage_keeps_the_last_good_rows(client: FlaskClient, orch_root: Path) -> None:
    good = client.get("/api/tasks").get_json()
    damage(orch_root, "TASKS.md")
    answer = client.get("/api/tasks").get_json()
    assert (answer["tasks"], answer["stale"]) == (good["tasks"], True)
    assert {problem["severity"] for problem in answer["problems"]} >= {"damage"}


@pytest.mark.parametrize("path", ["/api/tasks", "/api/overview", "/jobs", "/status"])
def test_damage_without_a_good_state_is_no_success(
    client: FlaskClient, orch_root: Path, path: str
) -> None:
    damage(orch_root, "TASKS.md")
    answer = client.get(path)
    assert (answer.status_code, list(answer.get_json())) == (500, ["error"])
    assert "TASKS.md" in answer.get_json()["error"]


def test_health_needs_readable_ledgers(client: FlaskClient, orch_root: Path) -> None:
    damage(orch_root, "APPROVALS.md")
    answer = client.get("/health")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "error")
    assert "APPROVALS.md" in answer.get_json()["message"]


def test_jobs_carry_their_approvals(client: FlaskClient) -> None:
    items = client.get("/jobs").get_json()["items"]
    assert [(job["id"], [a["appr_id"] for a in job["approvals"]]) for job in items] == [
        ("001", ["A001", "A002"]),
        ("002", ["A003"]),
        ("deploy-004", []),
    ]


@pytest.mark.parametrize(
    ("query", "ids", "next_page"),
    [
        ("page=1&per_page=2", ["001", "002"], 2),
        ("page=2&per_page=2", ["deploy-004"], None),
        ("page=9&per_page=2", [], None),
        ("per_page=2", ["001", "002"], 2),
        ("page=一", ["001", "002", "deploy-004"], None),
    ],
)
def test_jobs_are_paged_on_request(
    client: FlaskClient, query: str, ids: list[str], next_page: int | None
) -> None:
    answer = client.get(f"/jobs?{query}").get_json()
    assert ([job["id"] for job in answer["items"]], answer["next_page"]) == (ids, next_page)


def test_locks_are_listed(client: FlaskClient, orch_root: Path) -> None:
    folder = orch_root / ".locks"
    folder.mkdir()
    (folder / "ui-audit.lock").write_bytes(b"12345")
    (lock,) = client.get("/status").get_json()["locks"]
    assert (lock["name"], lock["size"], len(lock["mtime"])) == ("ui-audit.lock", 5, 26)


def test_a_list_tells_the_newest_entry_that_it_shows(client: FlaskClient) -> None:
    told = [client.get("/api/tasks").headers["X-Orch-Event"]]
    for verb in ("hold", "promote"):
        client.post(f"/api/tasks/{verb}", json={"task_id": "001"})
        told.append(client.get("/api/tasks").headers["X-Orch-Event"])
    newest = client.get("/api/history?limit=1").get_json()["entries"][0]["id"]
    assert told == ["0", str(newest - 1), str(newest)]
