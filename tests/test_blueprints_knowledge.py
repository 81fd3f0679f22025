"""Outcomes and search over HTTP (contract 1.2, ML and knowledge; D27)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.knowledge.outcomes import REQUIRED
from tests.knowledge_desk import BODY
from tests.shapes import differences

LOCAL_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
HASH = re.compile(r"[0-9a-f]{64}")
OUTCOME = {
    **{"task_id": str, "operation_type": str, "success": bool, "execution_time_ms": float},
    **{"error_message": (str, None), "files_modified": [str], "performance_metrics": dict},
    **{"timestamp": LOCAL_ISO, "outcome_hash": HASH, "source": str},
}
SAVED = {"success": True, "message": "作業結果を保存しました", "outcome_hash": HASH, "new": bool}


def save(client: FlaskClient, **changed: Any) -> tuple[int, Any]:
    answer = client.post("/api/knowledge/save_outcome", json={**BODY, **changed})
    return answer.status_code, answer.get_json()


def test_an_outcome_is_saved_once_and_listed(client: FlaskClient) -> None:
    answers = [save(client), save(client)]
    assert [(status, differences(body, SAVED)) for status, body in answers] == [(200, [])] * 2
    assert [body["new"] for _, body in answers] == [True, False]
    listed = client.get("/api/knowledge/work_outcomes/001").get_json()
    assert differences(listed, {"work_outcomes": [OUTCOME]}) == []
    (found,) = listed["work_outcomes"]
    told = ("task_id", "operation_type", "success", "execution_time_ms", "error_message")
    assert [found[name] for name in told] == [BODY[name] for name in told]
    assert found["files_modified"] == ["C:\\作業\\報告.md"]


def test_a_task_without_outcomes_has_an_empty_list(client: FlaskClient) -> None:
    answer = client.get("/api/knowledge/work_outcomes/ない")
    assert (answer.status_code, answer.get_json()) == (200, {"work_outcomes": []})


@pytest.mark.parametrize("gone", REQUIRED)
def test_the_missing_field_is_named_in_the_contracts_words(client: FlaskClient, gone: str) -> None:
    status, body = save(client, **{gone: None})
    assert (status, body["error"]) == (400, f"必須フィールドが不足: {gone}")
    assert client.get("/api/knowledge/work_outcomes/001").get_json() == {"work_outcomes": []}


def test_a_wrong_type_is_400(client: FlaskClient) -> None:
    status, body = save(client, success="yes")
    assert (status, body) == (400, {"success": False, "error": "success must be true or false"})


def test_a_database_that_is_gone_has_the_contracts_answers(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("kein Ordner", encoding="utf-8")
    client = make_app(database_url=f"sqlite:///{tmp_path / 'file' / 'x.db'}").test_client()
    listed = client.get("/api/knowledge/work_outcomes/001")
    assert (listed.status_code, listed.get_json()) == (503, {"error": "DB機能が利用できません"})
    status, body = save(client)
    shape = {"success": False, "message": "保存に失敗しました", "error": str}
    assert (status, differences(body, shape)) == (500, [])
    assert client.get("/api/knowledge/search?q=x").status_code == 503


RESULT = {
    **{"source": str, "id": str, "task_id": str, "title": str, "excerpt": str},
    "timestamp": (LOCAL_ISO, None),
}


def test_search_finds_outcomes_notes_and_the_journal(client: FlaskClient) -> None:
    save(client)
    client.post("/api/tasks/create", json={"title": "移行", "notes": "報告書を整理"})
    answer = client.get("/api/knowledge/search?q=報告")
    shape = {"query": "報告", "count": 3, "complete": True, "results": [RESULT]}
    assert (answer.status_code, differences(answer.get_json(), shape)) == (200, [])
    assert [(one["source"], one["task_id"]) for one in answer.get_json()["results"]] == [
        ("task", "003"),
        ("journal", "003"),
        ("outcome", "001"),
    ]
    assert all("報告" in one["excerpt"] for one in answer.get_json()["results"])
    narrowed = client.get("/api/knowledge/search?q=報告&source=outcome&limit=1").get_json()[
        "results"
    ]
    assert [(one["source"], one["task_id"]) for one in narrowed] == [("outcome", "001")]


@pytest.mark.parametrize("query", ["", "?q=", "?q=%25", "?q=a&source=x", f"?q={'a' * 201}"])
def test_a_search_for_nothing_is_400(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/knowledge/search{query}")
    assert (answer.status_code, list(answer.get_json())) == (400, ["error"])


def test_search_leaves_out_a_ledger_that_was_never_readable(
    client: FlaskClient, orch_root: Path
) -> None:
    (orch_root / "STATE" / "TASKS.md").write_bytes(b"<<<<<<< HEAD\n")
    save(client)
    answer = client.get("/api/knowledge/search?q=報告").get_json()
    assert [one["source"] for one in answer["results"]] == ["outcome"]
