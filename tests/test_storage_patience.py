"""Nobody waits long: who asks again while the database is away, and waits that end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from orch_next.errors import BusyError, DamagedError
from orch_next.sensors.pulse import SILENT_SECONDS, Pulse
from orch_next.storage.patience import AGAIN, SILENCE, Absence, _bounded


def test_one_asks_again_and_the_others_hear_it_at_once() -> None:
    now = [100.0]
    absence = Absence(lambda: now[0])
    assert [absence.is_known(), absence.is_noted] == [False, False]
    absence.note()
    assert [absence.is_known(), absence.is_known(), absence.is_noted] == [True, True, True]
    now[0] += AGAIN
    assert [absence.is_known(), absence.is_known()] == [False, True]
    now[0] += SILENCE
    assert absence.is_known() is False  # who asked never came back
    absence.forget()
    assert [absence.is_known(), absence.is_noted] == [False, False]


def steps() -> Generator[str, bool, str]:
    first = yield "wait 0"
    second = yield "wait 1"
    return f"{first} {second}"


def test_a_wait_that_is_answered_is_not_changed() -> None:
    wait = _bounded(steps(), 10.0, TimeoutError)
    assert [next(wait), wait.send(True)] == ["wait 0", "wait 1"]
    with pytest.raises(StopIteration) as end:
        wait.send(True)
    assert end.value.value == "True True"


def test_a_wait_that_is_not_answered_ends() -> None:
    wait = _bounded(steps(), 0.0, lambda: TimeoutError("黙"))
    next(wait)
    with pytest.raises(TimeoutError, match="黙"):
        wait.send(False)


def test_health_tells_what_the_last_look_saw() -> None:
    now, seen = [0.0], [lambda: "host"]
    pulse = Pulse(lambda: seen[0](), clock=lambda: now[0])  # type: ignore[arg-type,return-value]
    pulse.beat()
    seen[0] = lambda: "later"
    now[0] = SILENT_SECONDS
    assert pulse.read() == "host"
    now[0] += 1
    with pytest.raises(BusyError, match="have not been read for 31 s"):
        pulse.read()

    def fail() -> str:
        raise DamagedError("TASKS.md:3: 破損")

    seen[0] = fail
    pulse.beat()
    with pytest.raises(DamagedError, match="破損"):
        pulse.read()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/tasks", None),
        ("POST", "/api/security/login", {"username": "司令", "password": "長い長いパスワード"}),
        ("POST", "/login", None),
        ("POST", "/api/tasks/hold", {"task_id": "001"}),
    ],
)
def test_strangers_see_no_sql(
    make_app: Callable[..., Flask], orch_root: Path, method: str, path: str, body: Any
) -> None:
    app = make_app(auth="token")
    with closing(sqlite3.connect(orch_root.parent / "data" / "orch-next.db")) as database:
        database.execute("ALTER TABLE identities RENAME TO elsewhere")
    token = f"orch_0123456789ab_{'x' * 43}"
    form = {"token": token} if body is None and method == "POST" else None
    headers = {} if path.endswith("login") else {"Authorization": f"Bearer {token}"}
    answer = app.test_client().open(path, method=method, json=body, data=form, headers=headers)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert "the database cannot be used now (database-unusable)" in text
    hidden = ("SELECT", "identities", "sha256", str(orch_root.parent), "sqlite")
    assert [word for word in hidden if word in text] == []
    assert method == "GET" or path == "/login" or json.loads(text)["success"] is False
