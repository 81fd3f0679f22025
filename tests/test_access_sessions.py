"""Sessions end: at logout, with another password, and with the identity."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import socketio
from flask import Flask
from flask.testing import FlaskClient

from orch_next.security import Identities
from orch_next.security.identities import Identity
from tests.doors import NAMES, Doors, open_doors
from tests.patience import PATIENCE, in_time, seconds_of
from tests.servers import Server, running_server

OLD, NEW = "正しい馬の電池ホッチキス42", "新しい馬の電池ホッチキス43"


@pytest.fixture
def doors(make_app: Callable[..., Flask]) -> Doors:
    return open_doors(make_app)


def by_cookie(doors: Doors, role: str = "WORK") -> FlaskClient:
    client = doors.client()
    client.post("/login", data={"token": doors.tokens[role]})
    return client


def copied(client: FlaskClient, doors: Doors) -> FlaskClient:
    """Return another browser with the same cookie."""
    cookie = client.get_cookie("orch_session")
    assert cookie is not None
    other = doors.client()
    other.set_cookie("orch_session", cookie.value)
    return other


def bearer(doors: Doors, password: str, name: str = "田中") -> dict[str, str]:
    body = {"username": name, "password": password}
    token = doors.client().post("/api/security/login", json=body).get_json()["token"]
    return {"Authorization": f"Bearer {token}"}


def works(client: FlaskClient, headers: dict[str, str] | None = None) -> bool:
    return client.get("/api/tasks", headers=headers).status_code == 200


def test_a_copied_cookie_ends_with_the_logout(doors: Doors) -> None:
    client = by_cookie(doors)
    thief = copied(client, doors)
    before = works(thief)
    client.post("/logout")
    assert (before, works(thief), works(client)) == (True, False, False)
    assert doors.get("WORK", "/api/tasks").status_code == 200  # the token is none of a session


def test_a_logout_clears_what_the_browser_keeps(doors: Doors) -> None:
    answer = by_cookie(doors).post("/logout")
    assert (answer.headers["Clear-Site-Data"], answer.headers["Cache-Control"]) == (
        '"cache", "storage"',
        "no-store",
    )


def test_a_logout_without_a_session_ends_nobodys(doors: Doors) -> None:
    client = by_cookie(doors)
    assert (doors.client().post("/logout").status_code, works(client)) == (303, True)


def test_a_login_token_ends_with_the_logout_everywhere(doors: Doors) -> None:
    doors.identities.add_with_password("田中", "WORK", OLD)
    first, second = bearer(doors, OLD), bearer(doors, OLD)
    doors.client().post("/api/security/logout", json={}, headers=first)
    assert [works(doors.client(), one) for one in (first, second)] == [False, False]
    assert works(doors.client(), bearer(doors, OLD))


def test_a_password_is_changed_by_whose_it_is(doors: Doors) -> None:
    doors.identities.add_with_password("田中", "viewer", OLD)
    old = bearer(doors, OLD)
    body = {"password": OLD, "new_password": NEW}
    answer = doors.client().post("/api/security/password", json=body, headers=old)
    fresh = {"Authorization": f"Bearer {answer.get_json()['token']}"}
    got = [works(doors.client(), one) for one in (old, fresh, bearer(doors, NEW))]
    assert (answer.status_code, got) == (200, [False, True, True])
    assert doors.identities.find_by_password("田中", OLD) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"password": "違う合言葉です。", "new_password": NEW}, 403),
        ({"password": OLD, "new_password": "短い"}, 400),
        ({"password": OLD}, 400),
        ({"new_password": NEW}, 400),
    ],
)
def test_a_password_that_stays(doors: Doors, body: dict[str, str], status: int) -> None:
    doors.identities.add_with_password("田中", "viewer", OLD)
    old = bearer(doors, OLD)
    answer = doors.client().post("/api/security/password", json=body, headers=old)
    assert (answer.status_code, works(doors.client(), old)) == (status, True)


def test_a_token_may_stand_for_the_first_password(doors: Doors) -> None:
    body = {"password": doors.tokens["WORK"], "new_password": NEW}
    assert doors.post("WORK", "/api/security/password", **body).status_code == 200
    assert doors.identities.find_by_password(NAMES["WORK"], NEW) is not None


@pytest.mark.parametrize(
    "end",
    [
        lambda identities, one: identities.remove(one.name),
        lambda identities, one: identities.end_sessions(one),
        lambda identities, one: identities.set_password(one, NEW),
    ],
)
def test_who_stands(doors: Doors, end: Callable[[Identities, Identity], object]) -> None:
    identity = doors.identities.get(NAMES["WORK"])
    before = doors.identities.is_standing(identity)
    end(doors.identities, identity)
    assert (before, doors.identities.is_standing(identity)) == (True, False)


def test_cores_alone_end_nothing(doors: Doors) -> None:
    identity = doors.identities.get(NAMES["WORK"])
    doors.identities.set_cores(identity, ["Alice"])
    assert doors.identities.is_standing(identity)


@pytest.fixture(scope="module", params=["serve", "gthread"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Identities]]:
    folder: Path = tmp_path_factory.mktemp("ends")
    with running_server(folder, request.param, env={"ORCH_AUTH": "token"}) as running:
        database = running.orch_root.parent / "data" / "orch-next.db"
        yield running, Identities(f"sqlite:///{database}")


@pytest.mark.parametrize("end", ["remove", "logout"])
def test_what_is_open_ends_with_the_identity(server: tuple[Server, Identities], end: str) -> None:
    running, identities = server
    identity, token = identities.add(f"去る {end}", "viewer")
    ended: list[float] = []
    client = socketio.Client(reconnection=False)
    client.on("disconnect", lambda *_: ended.append(time.monotonic()))
    client.connect(running.url, auth={"token": token}, wait_timeout=PATIENCE)
    with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as stream:
        head = f"GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        stream.sendall(head.encode())
        assert b"200" in stream.recv(64)
        started = time.monotonic()
        identities.remove(identity.name) if end == "remove" else identities.end_sessions(identity)
        while data := stream.recv(65_536):
            if data.endswith(b"0\r\n\r\n"):  # the connection itself may stay
                break
            assert time.monotonic() - started < PATIENCE
    while not ended and time.monotonic() - started < PATIENCE:
        time.sleep(0.05)
    bare = seconds_of(lambda: running.get("/health"))
    assert ended and in_time(ended[0] - started, 4, bare)
    client.disconnect()
