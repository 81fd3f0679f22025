"""Headers, cookies, logs, keys and evidence: what answers tell, and to whom."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from orch_next.config import Settings
from orch_next.errors import ConfigError
from orch_next.logs import TEXT, TextLines, as_one_line
from orch_next.security import check_exposure
from orch_next.security.proxies import is_proxy, proxy_networks
from orch_next.serving import behind_proxy
from tests.doors import Doors, open_doors


@pytest.fixture
def doors(make_app: Callable[..., Flask]) -> Doors:
    return open_doors(make_app)


@pytest.mark.parametrize(
    "path",
    ["/api/history", "/audit/events", "/metrics", "/api/approvals/A001/evidence", "/health", "/x"],
)
def test_no_answer_is_kept_by_caches(doors: Doors, path: str) -> None:
    answer = doors.get("CMD", path)
    assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_https_is_asked_for_from_then_on(doors: Doors) -> None:
    got = [
        doors.client().get("/health", base_url=f"{one}://localhost") for one in ("https", "http")
    ]
    hsts = [one.headers.get("Strict-Transport-Security") for one in got]
    assert hsts == ["max-age=31536000", None]


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("http://localhost", "orch_session="),
        ("https://localhost", "__Host-orch_session="),
        ("https://localhost/orch", "__Secure-orch_session="),
    ],
)
def test_the_cookie_is_bound_to_its_host(doors: Doors, base_url: str, name: str) -> None:
    client = doors.client()
    answer = client.post("/login", data={"token": doors.tokens["WORK"]}, base_url=base_url)
    cookie = answer.headers["Set-Cookie"]
    assert (cookie.startswith(name), "Secure" in cookie) == (True, name.startswith("__"))
    assert client.get("/api/tasks", base_url=base_url).status_code == 200


def test_a_plain_cookie_is_none_with_https(doors: Doors) -> None:
    client = doors.client()
    client.post("/login", data={"token": doors.tokens["WORK"]})
    cookie = client.get_cookie("orch_session")
    assert cookie is not None
    other = doors.client()
    other.set_cookie("orch_session", cookie.value)
    got = [other.get("/api/tasks", base_url=f"{one}://localhost") for one in ("https", "http")]
    assert [one.status_code for one in got] == [401, 200]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("GET /課題 200", "GET /課題 200"),
        ("a\n2026-01-01 INFO orch_next: b", r"a\n2026-01-01 INFO orch_next: b"),
        ("\x1b[31m\r\x85\u2028\u202e\0", r"\x1b[31m\r\x85\u2028\u202e\x00"),
        ("\udc80", r"\udc80"),
    ],
)
def test_a_log_line_is_one_line(text: str, line: str) -> None:
    record = logging.LogRecord("orch_next", logging.INFO, "", 0, "%s", (text,), None)
    told = TextLines(TEXT).format(record)
    assert (as_one_line(text), told.endswith(f"INFO orch_next: {line}")) == (line, True)


def test_an_idempotency_key_is_ones_own(doors: Doors) -> None:
    def create(role: str) -> str:
        headers = {**doors.headers(role), "Idempotency-Key": "k-1"}
        body = {"title": "同じ題", "owner": "WORK"}
        answer = doors.client().post("/api/tasks/create", json=body, headers=headers)
        return str(answer.get_json()["id"])

    first, again, other = create("CMD"), create("CMD"), create("WORK")
    assert (first == again, first == other) == (True, False)


def test_a_private_name_looks_the_same_with_and_without_a_file(
    doors: Doors, orch_root: Path
) -> None:
    def evidence(name: str) -> dict[str, object]:
        tasks = orch_root / "STATE" / "APPROVALS.md"
        head, *_rows = tasks.read_bytes().decode().partition("| A001")
        row = f"| A001 | 001 | 完了 | pending | WORK | - | - | 2025-10-07 | - | {name} |\r\n"
        tasks.write_bytes((head + row).encode())
        answer = doors.get("viewer", "/api/approvals/A001/evidence")
        found: dict[str, object] = answer.get_json()
        return {key: value for key, value in found.items() if key != "path"}

    (orch_root.parent / "config").mkdir(exist_ok=True)
    (orch_root.parent / "config" / "secrets.json").write_text("{}", encoding="utf-8")
    pairs = [
        ("data/secret.key", "data/none.key"),
        ("config/secrets.json", "config/none.json"),
        (str(orch_root.parent / "data" / "secret.key"), str(orch_root.parent / "data" / "no")),
        ("CONFIG/secrets.json", "CONFIG/none.json"),
    ]
    got = [(evidence(there), evidence(gone)) for there, gone in pairs]
    assert [one["kind"] for one, _ in got] == ["private"] * 4
    assert [one for one, _ in got] == [other for _, other in got]


def test_every_origin_and_tokens_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match=r"cors_origins = '\*' and auth = token contradict"):
        check_exposure(Settings(auth="token", cors_origins=("*",)))


def test_an_open_program_behind_a_proxy_does_not_start_without_a_word() -> None:
    with pytest.raises(ConfigError, match="ORCH_PROXY_ASKS=true where the proxy"):
        check_exposure(Settings(trusted_proxies=1))
    check_exposure(Settings(trusted_proxies=1, proxy_asks=True))
    check_exposure(Settings(trusted_proxies=1, auth="token"))


@pytest.mark.parametrize(
    ("addresses", "address", "known"),
    [
        ((), "127.0.0.1", True),
        ((), "127.8.9.1", True),
        ((), "::1", True),
        ((), "::ffff:127.0.0.1", True),
        ((), "", True),
        ((), "10.0.0.2", False),
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "127.0.0.1", False),
        (("2001:db8::7",), "2001:db8::7", True),
        (("2001:db8::7",), "2001:db8::8", False),
        ((), "evil", False),
    ],
)
def test_who_is_a_proxy(addresses: tuple[str, ...], address: str, known: bool) -> None:
    assert is_proxy(address, proxy_networks(addresses)) is known


def test_a_proxys_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="proxy_addresses takes addresses"):
        proxy_networks(("nginx",))


@pytest.fixture
def proxied(make_app: Callable[..., Flask]) -> Flask:
    app = make_app(trusted_proxies=1, proxy_asks=True, trusted_hosts=("orch.example",), port=5001)
    behind_proxy(app, app.extensions["orch_next"].settings)
    return app


@pytest.mark.parametrize(
    ("host", "forwarded", "sender", "status"),
    [
        ("evil.example:5001", "", "127.0.0.1", 421),
        ("evil.example:5001", "127.0.0.1", "127.0.0.1", 421),
        ("evil.example:5001", "orch.example", "127.0.0.1", 421),
        ("orch.example", "127.0.0.1", "127.0.0.1", 200),
        ("orch.example", "evil.example", "127.0.0.1", 421),
        ("127.0.0.1:5001", "orch.example", "127.0.0.1", 200),
        ("127.0.0.1:5001", "evil.example", "127.0.0.1", 421),
        ("127.0.0.1:5001", "evil.example", "10.0.0.9", 200),  # not believed: no proxy's address
        ("evil.example", "127.0.0.1", "10.0.0.9", 421),
    ],
)
def test_both_hosts_are_judged(
    proxied: Flask, host: str, forwarded: str, sender: str, status: int
) -> None:
    headers = {"Host": host, **({"X-Forwarded-Host": forwarded} if forwarded else {})}
    answer = proxied.test_client().get(
        "/api/tasks", headers=headers, environ_overrides={"REMOTE_ADDR": sender}
    )
    assert answer.status_code == status


OTHER = "http://app.example"


@pytest.fixture
def shared(make_app: Callable[..., Flask]) -> Doors:
    return open_doors(make_app, cors_origins=(OTHER, "http://localhost:9999"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": OTHER}, 401),
        ({"Origin": "http://localhost:9999"}, 401),
        ({"Sec-Fetch-Site": "same-site"}, 401),
        ({"Sec-Fetch-Site": "cross-site"}, 401),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_another_origin_has_no_cookie(shared: Doors, headers: dict[str, str], status: int) -> None:
    client = shared.client()
    client.post("/login", data={"token": shared.tokens["CMD"]})
    assert client.get("/api/tasks", headers=headers).status_code == status


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_another_origin_logs_nobody_in_or_out(shared: Doors, path: str) -> None:
    data = {"token": shared.tokens["CMD"]}
    got = [
        shared.client().post(path, data=data, headers={"Origin": origin}).status_code
        for origin in (OTHER, "http://localhost:9999", "http://localhost")
    ]
    assert got == [403, 403, 303]


def test_another_origin_comes_in_with_its_own_token(shared: Doors) -> None:
    headers = {**shared.headers("CMD"), "Origin": OTHER}
    assert shared.client().get("/api/tasks", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/dispatch", "/dispatch/stop", "/dispatch/nudge"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_browsers_session_sends_json(doors: Doors, path: str, kind: str) -> None:
    client = doors.client()
    client.post("/login", data={"token": doors.tokens["CMD"]})
    body = '{"coreId": "WORK_AI_01"}'
    refused = client.post(path, data=body, content_type=kind)
    taken = doors.client().post(path, data=body, content_type=kind, headers=doors.headers("CMD"))
    assert (refused.status_code, taken.status_code == 400) == (400, False)
