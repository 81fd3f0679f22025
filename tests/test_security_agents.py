"""Who may use /api/agents/*: both spellings, placeholders, JWT, HMAC, rate limit (D40, D50)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.errors import ConfigError
from orch_next.security import Identities
from orch_next.security.agents_access import AgentsAccess, is_placeholder, load_agents_access

KEY = "jwt-9d1f6a7be0c24853b7a1f2e4d6c8ab90"
HMAC = "hmac-51c0"
COMMITTED = {
    "auth": {
        "type": "jwt",
        "required": True,
        "jwt_issuer": "orch-next",
        "jwt_audience": "orch-dashboard",
    },
    "security": {"rate_limit_per_minute": 60},
    "registry": {"path": "data/登録.json"},
}
SECRETS = {"jwt_secret": KEY, "hmac_key": HMAC}


def write(moc_root: Path, name: str, value: object) -> None:
    (moc_root / "config").mkdir(exist_ok=True)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    (moc_root / "config" / name).write_text(text, encoding="utf-8")


@pytest.fixture
def guarded(orch_root: Path, make_app: Callable[..., Flask]) -> Callable[..., FlaskClient]:
    def build(config: object = COMMITTED, secrets: object = SECRETS, **more: Any) -> FlaskClient:
        write(orch_root.parent, "agents_api.json", config)
        write(orch_root.parent, "secrets.json", secrets)
        return make_app(**more).test_client()

    return build


def token(key: str = KEY, **claims: Any) -> str:
    given = {"iss": "orch-next", "aud": "orch-dashboard", "exp": int(time.time()) + 86_400}
    wanted = {name: value for name, value in {**given, **claims}.items() if value is not None}
    return jwt.encode(wanted, key, algorithm="HS256")


def ask(client: FlaskClient, **headers: str) -> tuple[int, str]:
    answer = client.get("/api/agents/list", headers=headers)
    return answer.status_code, "" if answer.status_code == 200 else answer.json["detail"]


def test_without_the_files_the_legacys_defaults_hold(tmp_path: Path) -> None:
    registry = tmp_path / "data" / "agents_registry.json"
    assert load_agents_access(tmp_path) == AgentsAccess(registry)


def test_both_spellings_are_read(tmp_path: Path) -> None:
    write(tmp_path, "agents_api.json", COMMITTED)
    write(tmp_path, "secrets.json", SECRETS)
    files = load_agents_access(tmp_path)
    auth = {"required": True, "issuer": "orch-next", "audience": "orch-dashboard"}
    code = {"auth": auth, "security": {"rate_limit_per_min": 60}, "registry": COMMITTED["registry"]}
    write(tmp_path, "agents_api.json", code)
    write(tmp_path, "secrets.json", {"jwt": {"secret": KEY}, "hmac": {"secret": HMAC}})
    assert load_agents_access(tmp_path) == files
    assert files == AgentsAccess(
        tmp_path / "data" / "登録.json", True, "jwt", "orch-next", "orch-dashboard", 60, KEY, HMAC
    )
    assert KEY not in repr(files)


@pytest.mark.parametrize(
    "config",
    [
        *("{", "[]", "\x00", {"auth": {"required": "yes"}}, {"auth": {"type": "basic"}}),
        {"security": {"rate_limit_per_minute": 0}},
        {"security": {"rate_limit_per_minute": True}},
        {"auth": {"issuer": "a", "jwt_issuer": "b"}},
    ],
)
def test_a_bad_file_stops_the_start(tmp_path: Path, config: object) -> None:
    write(tmp_path, "agents_api.json", config)
    with pytest.raises(ConfigError):
        load_agents_access(tmp_path)


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        *(("CHANGE_ME_DEV_ONLY", True), ("changeme", True), ("your-secret-here", True)),
        *(("<secret>", True), ("replace this", True), (KEY, False), ("秘密の鍵", False)),
    ],
)
def test_placeholders_are_known(secret: str, expected: bool) -> None:
    assert is_placeholder(secret) is expected


def test_a_good_token_is_taken(guarded: Callable[..., FlaskClient]) -> None:
    assert ask(guarded(), Authorization=f"Bearer {token()}") == (200, "")


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "missing_credentials"),
        ({"Authorization": "Basic eDp5"}, "missing_credentials"),
        ({"Authorization": f"Bearer {token(iss='other')}"}, "invalid_issuer"),
        ({"Authorization": f"Bearer {token(aud='agents')}"}, "invalid_audience"),
        ({"Authorization": f"Bearer {token(exp=1)}"}, "jwt_error:Signature has expired"),
        (
            {"Authorization": f"Bearer {token(exp=None)}"},
            'jwt_error:Token is missing the "exp" claim',
        ),
        ({"Authorization": f"Bearer {token('x' * 40)}"}, "jwt_error:Signature verification failed"),
        (
            {"Authorization": "Bearer 署名".encode().decode("latin-1")},
            "jwt_error:Not enough segments",
        ),
        ({"X-Signature": "0" * 64}, "invalid_signature"),
        ({"X-Signature": "\xe9" * 64}, "invalid_signature"),
    ],
)
def test_a_bad_credential_is_named(
    guarded: Callable[..., FlaskClient], headers: dict[str, str], detail: str
) -> None:
    assert ask(guarded(), **headers) == (401, detail)


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_another_algorithm_is_refused(guarded: Callable[..., FlaskClient], algorithm: str) -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    forged = jwt.encode(claims, "" if algorithm == "none" else KEY * 2, algorithm=algorithm)
    status, detail = ask(guarded(), Authorization=f"Bearer {forged}")
    assert (status, detail.partition(":")[0]) == (401, "jwt_error")


def test_a_token_of_brackets_is_no_5xx(guarded: Callable[..., FlaskClient]) -> None:
    nested = jwt.utils.base64url_encode(b"[" * 40_000).decode()
    status, _detail = ask(guarded(), Authorization=f"Bearer {nested}.e30.x")
    assert status == 401


def test_a_signed_body_is_taken_and_reaches_the_view(guarded: Callable[..., FlaskClient]) -> None:
    client, body = guarded(), '{"id": "AG-1", "name": "監査"}'.encode()
    signature = hmac.new(HMAC.encode(), body, hashlib.sha256).hexdigest()
    sent = {"data": body, "content_type": "application/json"}
    answers = [
        client.post("/api/agents/register", headers={"X-Signature": given}, **sent)
        for given in (signature, signature[::-1])
    ]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[0].json == {"success": True, "id": "AG-1"}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("secrets", [{}, {"jwt_secret": "CHANGE_ME_DEV_ONLY", "hmac_key": ""}])
def test_without_a_real_secret_nobody_gets_in(
    guarded: Callable[..., FlaskClient], secrets: object
) -> None:
    client = guarded(secrets=secrets)
    forged = token(key="CHANGE_ME_DEV_ONLY")
    empty = hmac.new(b"", b"", hashlib.sha256).hexdigest()
    assert ask(client, Authorization=f"Bearer {forged}")[0] == 401
    assert ask(client, **{"X-Signature": empty}) == (401, "invalid_signature")


def test_hmac_only_takes_no_token(guarded: Callable[..., FlaskClient]) -> None:
    client = guarded(config={"auth": {"type": "hmac", "required": True}})
    assert ask(client, Authorization=f"Bearer {token()}") == (401, "missing_credentials")


def test_preflights_carry_no_credentials(guarded: Callable[..., FlaskClient]) -> None:
    client = guarded()
    assert client.options("/api/agents/register").status_code == 200
    assert client.get("/api/tasks").status_code == 200


def test_the_rate_limit_comes_before_the_credentials(
    guarded: Callable[..., FlaskClient],
) -> None:
    client = guarded(config={**COMMITTED, "security": {"rate_limit_per_min": 3}})
    answers = [client.get("/api/agents/list") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    limited = answers[3]
    assert limited.json == {"success": False, "error": "rate_limit_exceeded", "limit": 3}
    assert 1 <= int(limited.headers["Retry-After"]) <= 60
    assert client.get("/api/tasks").status_code == 200


def test_an_identity_is_credential_enough(
    guarded: Callable[..., FlaskClient], orch_root: Path
) -> None:
    client = guarded(auth="token")
    database = f"sqlite:///{orch_root.parent / 'data' / 'orch-next.db'}"
    _identity, theirs = Identities(database).add("作業者", "WORK")
    assert ask(client, Authorization=f"Bearer {theirs}") == (200, "")
    assert ask(client) == (401, "missing_credentials")
