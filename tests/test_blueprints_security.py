"""The security routes over real identities: login, registration by CMD only, audit (D47)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.security import Identities, door_identities
from orch_next.security.failures import Failures
from orch_next.security.requests import FAILURES

GOOD = "正しい馬の電池ホッチキス42"
TANAKA = {"username": "田中", "password": GOOD}


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(auth="token")


@pytest.fixture
def identities(app: Flask) -> Identities:
    found = door_identities(app)
    assert found is not None
    return found


@pytest.fixture
def bearer(identities: Identities) -> Callable[[str], dict[str, str]]:
    def make(role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {identities.add(f'{role} 係', role)[1]}"}

    return make


def log_in(client: FlaskClient, **body: Any) -> tuple[int, Any]:
    answer = client.post("/api/security/login", json={**TANAKA, **body})
    return answer.status_code, answer.json


@pytest.mark.parametrize("path", ["login", "register"])
def test_without_token_authentication_there_is_nobody(
    make_app: Callable[..., Flask], path: str
) -> None:
    answer = make_app().test_client().post(f"/api/security/{path}", json=TANAKA)
    body = {"error": "セキュリティマネージャーが利用できません"}
    assert (answer.status_code, answer.json) == (503, body)


def test_register_log_in_and_use_the_token(
    client: FlaskClient, bearer: Callable[[str], dict[str, str]]
) -> None:
    made = client.post(
        "/api/security/register", json={**TANAKA, "role": "AUDIT"}, headers=bearer("CMD")
    )
    assert made.json and (made.status_code, made.json["message"]) == (
        200,
        "ユーザーが正常に登録されました",
    )
    status, body = log_in(client)
    assert (status, body["success"]) == (200, True)
    used = client.get("/api/tasks", headers={"Authorization": f"Bearer {body['token']}"})
    logs = client.get("/api/security/audit", headers={"Authorization": f"Bearer {body['token']}"})
    assert (used.status_code, logs.status_code) == (200, 200)
    assert logs.json and [(one["action"], one["user"]) for one in logs.json["logs"]] == [
        ("login_succeeded", "田中"),
        ("identity_registered", "田中"),
    ]


@pytest.mark.parametrize(
    ("role", "stored"), [("user", "viewer"), ("admin", "CMD"), ("WORK", "WORK"), (None, "viewer")]
)
def test_the_legacys_roles(
    client: FlaskClient,
    identities: Identities,
    bearer: Callable[[str], dict[str, str]],
    role: str | None,
    stored: str,
) -> None:
    client.post("/api/security/register", json={**TANAKA, "role": role}, headers=bearer("CMD"))
    assert {one.name: one.role for one in identities.list_all()}["田中"] == stored


@pytest.mark.parametrize("role", ["WORK", "AUDIT", "viewer"])
def test_only_cmd_registers(
    client: FlaskClient,
    identities: Identities,
    bearer: Callable[[str], dict[str, str]],
    role: str,
) -> None:
    answer = client.post("/api/security/register", json=TANAKA, headers=bearer(role))
    anonymous = client.post("/api/security/register", json=TANAKA)
    assert (answer.status_code, anonymous.status_code) == (403, 401)
    assert [one.name for one in identities.list_all()] == [f"{role} 係"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"username": ""}, "ユーザー名とパスワードが必要です"),
        ({"password": None}, "ユーザー名とパスワードが必要です"),
        ({"password": "短い"}, "ユーザー登録に失敗しました"),
        ({"role": "王"}, "ユーザー登録に失敗しました"),
        ({"username": "CMD 係"}, "ユーザー登録に失敗しました"),
    ],
)
def test_a_registration_that_is_refused(
    client: FlaskClient, bearer: Callable[[str], dict[str, str]], body: Any, error: str
) -> None:
    answer = client.post("/api/security/register", json={**TANAKA, **body}, headers=bearer("CMD"))
    assert answer.json and (answer.status_code, answer.json["error"]) == (400, error)


def test_a_login_that_fails_is_told_and_counted(
    client: FlaskClient, identities: Identities
) -> None:
    token = identities.add("監査 係", "AUDIT")[1]
    assert log_in(client, username="誰か") == (401, {"error": "認証に失敗しました"})
    assert log_in(client, password="") == (400, {"error": "ユーザー名とパスワードが必要です"})
    headers = {"Authorization": f"Bearer {token}"}
    status = client.get("/api/security/status", headers=headers).json
    assert status and [status[key] for key in ("failed_login_attempts", "active_sessions")] == [
        1,
        1,
    ]


def test_guessing_is_slowed_down(app: Flask, client: FlaskClient) -> None:
    app.extensions[FAILURES] = Failures(clock=lambda: 15.0, per_minute=2)
    codes = [log_in(client, password=f"違う {n}")[0] for n in range(2)]
    answer = client.post("/api/security/login", json=TANAKA)
    assert (codes, answer.status_code, answer.headers["Retry-After"]) == ([401, 401], 429, "45")


@pytest.mark.parametrize(("role", "code"), [("CMD", 200), ("AUDIT", 200), ("WORK", 403)])
def test_who_reads_the_audit(
    client: FlaskClient, bearer: Callable[[str], dict[str, str]], role: str, code: int
) -> None:
    assert client.get("/api/security/audit", headers=bearer(role)).status_code == code


def test_the_state_says_what_is_open(make_app: Callable[..., Flask]) -> None:
    found = make_app().test_client().get("/api/security/status").json
    assert found and found["checks"]["token_authentication"] is False
    assert (found["security_score"], found["overall_status"]) == (80, "healthy")
    assert "secret" not in str(found["security_policies"])
