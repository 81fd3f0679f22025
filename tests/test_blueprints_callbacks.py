"""POST /callbacks/terminal: signature, then duplicate, then effect (contract 1.2, D23)."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from orch_next import create_app
from orch_next.errors import ConflictError
from orch_next.security import sign
from tests.conftest import NOW
from tests.signed import BODY, SECRET, URL, deliver, find_faults, mac, spoil

SHA256 = hashlib.sha256(BODY).hexdigest()
MUTATIONS = 10_000


class Desk:
    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def report(self, *report: str) -> None:
        if report[1] == "late":
            raise ConflictError("遅い")
        self.told.append(report)

    def report_proved(self, *_report: str) -> bool:
        return False

    def beat(self, core_id: str) -> None:
        self.told.append((core_id,))


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(webhook_secret=SECRET, webhook_secret_previous="old-5521").test_client()


def status_of(client: FlaskClient, task_id: str) -> str:
    tasks = client.get("/api/tasks").get_json()["tasks"]
    return str(next(task["status"] for task in tasks if task["id"] == task_id))


def as_body(**members: Any) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode()


def test_the_phase_three_expectations_hold(client: FlaskClient) -> None:
    answers = [
        deliver(client),
        deliver(client),
        deliver(client, X_Signature="0" * 64),
        client.post(URL, data=BODY, headers={"X-Signature": mac()}),
    ]
    assert [(answer.status_code, answer.get_json()) for answer in answers] == [
        (202, {"accepted": True, "payload_sha256": SHA256}),
        (202, {"status": "duplicate", "payload_sha256": SHA256}),
        (401, {"error": "invalid signature"}),
        (400, {"error": "Idempotency-Key header required"}),
    ]
    assert status_of(client, "002") == "READY"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Signature": f"sha256={mac()}"},
        {"X-Hub-Signature-256": f"sha256={mac()}"},
        {"X-Hub-Signature-256": mac()},
        {"X-Signature": sign(SECRET, BODY, NOW)},
        {"X-Signature": f"t={int(NOW.timestamp())},v1={mac()}"},
        {"X-Signature": mac(secret="old-5521")},
    ],
)
def test_every_form_is_taken_and_none_for_an_unset_secret(
    client: FlaskClient, make_app: Callable[..., Flask], headers: dict[str, str]
) -> None:
    sent = {"data": BODY, "headers": {"Idempotency-Key": "k-1", **headers}}
    answers = [client.post(URL, **sent), make_app().test_client().post(URL, **sent)]
    assert [answer.status_code for answer in answers] == [202, 401]


def test_the_first_header_decides(client: FlaskClient) -> None:
    answer = deliver(client, X_Signature="0" * 64, X_Hub_Signature_256=f"sha256={mac()}")
    assert answer.status_code == 401


def test_an_old_time_is_refused(make_app: Callable[..., Flask]) -> None:
    client = make_app(webhook_secret=SECRET).test_client()
    old = sign(SECRET, BODY, NOW - timedelta(seconds=301))
    assert deliver(client, X_Signature=old).status_code == 401


def test_a_known_key_tells_a_stranger_nothing(client: FlaskClient) -> None:
    deliver(client)
    assert deliver(client, X_Signature="0" * 64).get_json() == {"error": "invalid signature"}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"5", b'"x"', b"{", b'{"a": NaN}', b"\xff"])
def test_what_is_no_object_is_refused_and_burns_no_key(client: FlaskClient, body: bytes) -> None:
    refused = deliver(client, body)
    assert (refused.status_code, refused.get_json()["success"]) == (400, False)
    assert deliver(client).get_json()["accepted"] is True


def test_any_content_type_will_do(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "k-1", "X-Signature": mac()}
    kind = "application/x-www-form-urlencoded"  # what curl says unasked
    answer = client.post(URL, data=BODY, headers=headers, content_type=kind)
    assert answer.status_code == 202


@pytest.mark.parametrize("key", ["x" * 201, "鍵".encode().decode("latin-1")])
def test_a_key_is_short_and_ascii(client: FlaskClient, key: str) -> None:
    assert deliver(client, key=key).status_code == 400


def test_a_ledger_out_of_order_burns_no_key(client: FlaskClient, orch_root: Path) -> None:
    client.get("/api/tasks")
    path = orch_root / "STATE" / "TASKS.md"
    good = path.read_bytes()
    path.write_bytes(good + b"<<<<<<< HEAD\n")
    refused = deliver(client)
    path.write_bytes(good)
    again = deliver(client)
    assert (refused.status_code, again.status_code, again.get_json()["accepted"]) == (
        409,
        202,
        True,
    )


def test_one_row_of_the_journal_a_delivery(client: FlaskClient) -> None:
    for _ in range(3):
        deliver(client)
    deliver(client, as_body(job_id="ジョブ-9", status="running"), key="k-2")
    events = client.get("/audit/events?type=terminal_callback").get_json()
    found = [(e["user_id"], e["resource_id"], json.loads(e["details"])) for e in events]
    assert [(user, job, details["applied"]) for user, job, details in found] == [
        ("agent", "ジョブ-9", False),
        ("agent", "002", True),
    ]
    assert found[1][2]["payload_sha256"] == SHA256
    (moved,) = client.get("/audit/events?type=task_promoted").get_json()
    assert (moved["user_id"], json.loads(moved["details"])["role"]) == ("agent", "WORK")


def test_a_key_survives_a_restart(
    make_app: Callable[..., Flask], client: FlaskClient, orch_root: Path
) -> None:
    deliver(client)
    settings = {"root": orch_root, "webhook_secret": SECRET}
    later = create_app(settings, now=lambda: NOW + timedelta(hours=23)).test_client()
    tomorrow = create_app(settings, now=lambda: NOW + timedelta(hours=24)).test_client()
    assert deliver(later).get_json() == {"status": "duplicate", "payload_sha256": SHA256}
    assert deliver(tomorrow).get_json()["accepted"] is True


def test_the_same_key_a_hundred_times_at_once(make_app: Callable[..., Flask]) -> None:
    app = make_app(webhook_secret=SECRET, lock_timeout_seconds=60)
    answers: list[dict[str, Any]] = []
    start = threading.Barrier(100)

    def send() -> None:
        start.wait()
        answers.append(deliver(app.test_client()).get_json())

    threads = [threading.Thread(target=send) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    duplicate = {"status": "duplicate", "payload_sha256": SHA256}
    accepted = {"accepted": True, "payload_sha256": SHA256}
    assert (answers.count(accepted), answers.count(duplicate), len(answers)) == (1, 99, 100)
    assert len(app.test_client().get("/audit/events?type=task_promoted").get_json()) == 1


def test_a_token_goes_to_the_dispatcher(make_app: Callable[..., Flask]) -> None:
    app, desk = make_app(webhook_secret=SECRET), Desk()
    client = app.test_client()
    body = as_body(job_id="002", status="completed", token="7.x", artifact="C:\\成果.md")
    closed = deliver(client, body)
    app.extensions["orch_next"] = replace(app.extensions["orch_next"], reports=desk)
    taken = deliver(client, body)
    late = deliver(client, as_body(job_id="002", status="completed", token="late"), key="k-2")
    statuses = [answer.status_code for answer in (closed, taken, late)]
    assert (statuses, desk.told) == ([409, 202, 409], [("002", "7.x", "REVIEW", "C:\\成果.md", "")])
    assert b"7.x" not in client.get("/audit/events").data


@pytest.mark.parametrize(
    ("status", "expected"), [("DONE", 403), ("HOLD", 403), ("DROP", 403), ("completed", 202)]
)
def test_with_identities_a_callback_judges_nothing(
    make_app: Callable[..., Flask], status: str, expected: int
) -> None:
    client = make_app(webhook_secret=SECRET, auth="token").test_client()
    answer = deliver(client, as_body(job_id="001", status=status))
    assert answer.status_code == expected


def test_ten_thousand_spoilt_deliveries(make_app: Callable[..., Flask], orch_root: Path) -> None:
    client = make_app(webhook_secret=SECRET).test_client()
    before = (orch_root / "STATE" / "TASKS.md").read_bytes()
    assert find_faults(client, spoil(MUTATIONS, 20251009, NOW)) == []
    assert (orch_root / "STATE" / "TASKS.md").read_bytes() == before
    assert client.get("/audit/events?type=terminal_callback").get_json() == []
    assert deliver(client).get_json()["accepted"] is True


@pytest.mark.parametrize("mutant", ["compares text", "cuts to length", "looks at no body"])
def test_the_checker_notices(mutant: str) -> None:
    naive = Flask("naive")

    @naive.post(URL)
    def take() -> tuple[str, int]:
        header = request.headers.get("X-Signature", "").removeprefix("sha256=")
        if mutant == "compares text":
            fits = hmac.compare_digest(header, mac(request.get_data()))
        elif mutant == "cuts to length":
            fits = header[:64] == mac(request.get_data())
        else:
            fits = header == mac()
        return "", 202 if fits else 401

    faults = find_faults(naive.test_client(), spoil(1_000, 1, NOW))
    expected = "500 for" if mutant == "compares text" else "202 for"
    assert [fault[:7] for fault in faults[:1]] == [expected]
