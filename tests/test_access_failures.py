"""Every way in: failures are counted, slowed down by address and by name, and recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.security import identify_socket
from orch_next.security.failures import MOST_NAMES, Failures, network
from orch_next.security.requests import FAILURES
from tests.doors import NAMES, Doors, open_doors
from tests.signed import BODY, deliver, mac

LONG = "x" * 43
Told = list[tuple[str, str, str]]


class Clock:
    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def counted(clock: Clock, told: Told | None = None, per_minute: int = 20) -> Failures:
    kept = [] if told is None else told
    return Failures(
        key=b"k", record=lambda *one: kept.append(one), clock=clock, per_minute=per_minute
    )


def test_delays_of_a_name_grow_whatever_its_addresses() -> None:
    failures, waits = counted(clock := Clock()), []
    for number in range(12):
        waits.append(failures.note("login_failed", f"10.0.0.{number}", "田中"))
        clock.at += waits[-1]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 40, 40]


def test_fewer_than_100_tries_an_hour_reach_a_name() -> None:
    failures, tries = counted(clock := Clock()), 0
    while clock.at < 3_600:
        address = f"10.0.{tries}.1"
        if not failures.wait(address, "田中"):
            failures.note("login_failed", address, "田中")
            tries += 1
        clock.at += 0.25
    assert 90 < tries < 100


def test_a_success_and_an_hour_forgive() -> None:
    failures = counted(clock := Clock())
    for number in range(9):
        failures.note("login_failed", f"10.0.0.{number}", "田中")
    before = failures.wait("10.1.1.1", "田中")
    failures.succeed("田中")
    assert (before, failures.wait("10.1.1.1", "田中")) == (16, 0)
    failures.note("login_failed", "10.1.1.2", "鈴木")
    clock.at = 3_601
    assert failures.note("login_failed", "10.1.1.3", "鈴木") == 0


def test_an_address_has_its_tries_in_a_minute_and_others_have_theirs() -> None:
    failures = counted(Clock(15.0), per_minute=3)
    waits = [failures.note("login_failed", "10.0.0.1", f"名{number}") for number in range(3)]
    assert (waits, failures.wait("10.0.0.2", "名0")) == ([0, 0, 45], 0)


@pytest.mark.parametrize(
    ("address", "same"),
    [("10.0.0.1", "10.0.0.1"), ("2001:db8::1", "2001:db8::/64"), ("", ""), ("unix", "unix")],
)
def test_what_counts_as_one_caller(address: str, same: str) -> None:
    assert network(address) == same


def test_names_are_bounded() -> None:
    failures = counted(Clock(), per_minute=10**9)
    for number in range(MOST_NAMES + 500):
        failures.note("login_failed", "10.0.0.1", f"名{number}")
    assert len(failures) == MOST_NAMES


def test_strangers_cannot_fill_the_journal() -> None:
    told: Told = []
    failures = counted(clock := Clock(), told)
    for number in range(1_000):
        failures.note("token_refused", f"10.0.{number % 250}.1", "")
    assert len(told) == 60
    clock.at = 61
    failures.note("token_refused", "10.0.0.1", "")
    assert len(told) == 61


def test_what_is_nobodys_is_recorded_as_a_hash() -> None:
    told: Told = []
    failures = counted(Clock(), told)
    failures.note("login_failed", "10.0.0.1", "秘密の合言葉")
    failures.note("login_failed", "10.0.0.1", "田中", "田中")
    first, second = told
    assert (first[1].startswith("unknown-"), "秘密" in str(told)) == (True, False)
    assert second == ("login_failed", "田中", "10.0.0.1")


@pytest.fixture
def doors(make_app: Callable[..., Flask]) -> Doors:
    return open_doors(make_app, webhook_secret="鍵")


def slow(doors: Doors, per_minute: int) -> Told:
    """Let the door's count be one of few tries, whose records are returned."""
    told: Told = []
    doors.app.extensions[FAILURES] = counted(Clock(15.0), told, per_minute)
    return told


def by_form(client: FlaskClient, _doors: Doors) -> int:
    return client.post("/login", data={"token": "orch_000000000000_" + LONG}).status_code


def by_bearer(client: FlaskClient, _doors: Doors) -> int:
    headers = {"Authorization": "Bearer orch_000000000000_" + LONG}
    return client.get("/api/tasks", headers=headers).status_code


def by_password(client: FlaskClient, _doors: Doors) -> int:
    body = {"username": "作業", "password": "違う合言葉です。"}
    return client.post("/api/security/login", json=body).status_code


def by_signature(client: FlaskClient, _doors: Doors) -> int:
    return int(deliver(client, BODY, X_Signature=mac(secret="違う")).status_code)


WAYS: dict[Callable[[FlaskClient, Doors], int], str] = {
    by_form: "token_refused",
    by_bearer: "token_refused",
    by_password: "login_failed",
    by_signature: "signature_refused",
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_in_is_limited_and_recorded(
    doors: Doors, way: Callable[[FlaskClient, Doors], int]
) -> None:
    told = slow(doors, 3)
    codes = [way(doors.client(), doors) for _ in range(4)]
    late = 429 if way is by_password else 401
    assert (codes[0], codes[-1], {one[0] for one in told}) == (401, 429, {WAYS[way]})
    assert codes[1] == 401 and late in codes


def test_a_good_token_passes_whoever_failed_before(doors: Doors) -> None:
    slow(doors, 1)
    client = doors.client()
    by_bearer(client, doors), by_bearer(client, doors)
    assert doors.get("viewer", "/api/tasks").status_code == 200


def test_a_sockets_token_counts_too(doors: Doors) -> None:
    told = slow(doors, 3)
    with doors.app.test_request_context("/socket.io/") as context:
        environ = {**context.request.environ, "flask.app": doors.app, "REMOTE_ADDR": "10.0.0.9"}
    token = f"orch_{doors.identities.get(NAMES['WORK']).id}_{LONG}"
    assert identify_socket({"token": token}, environ) is None
    assert told == [("token_refused", NAMES["WORK"], "10.0.0.9")]


def test_guessing_a_password_locks_out_no_token(doors: Doors) -> None:
    client = doors.client()
    codes = [by_password(client, doors) for _ in range(7)]
    assert (codes, doors.get("WORK", "/api/tasks").status_code) == ([401] * 5 + [429] * 2, 200)


def test_names_that_look_alike_count_as_one(doors: Doors) -> None:
    doors.add("Tanaka", "WORK")
    names = ["Tanaka", "TANAKA", "Ｔａｎａｋａ", "tanaka", "TaNaKa", "tAnAkA"]
    bodies = [{"username": name, "password": "違う合言葉です。"} for name in names]
    codes = [doors.client().post("/api/security/login", json=body).status_code for body in bodies]
    assert codes == [401] * 5 + [429]


def test_who_logged_in_and_out_is_recorded(doors: Doors) -> None:
    client = doors.client()
    client.post("/login", data={"token": doors.tokens["WORK"]})
    client.post("/logout")
    logs = doors.get("CMD", "/api/security/audit").get_json()["logs"]
    assert [(one["action"], one["user"]) for one in logs] == [
        ("logged_out", NAMES["WORK"]),
        ("login_succeeded", NAMES["WORK"]),
    ]
