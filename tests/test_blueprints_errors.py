"""The one table of errors and statuses, and what an answer tells of a defect."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.errors import (
    BusyError,
    ConflictError,
    DamagedError,
    ForbiddenError,
    InputError,
    LedgerError,
    NotFoundError,
    OrchError,
    RowError,
    RuleError,
    UncertainError,
)

SECRET = "C:\\secret\\path is broken"


@pytest.fixture
def raising(app: Flask) -> Callable[[Exception], FlaskClient]:
    """Return a client of an app whose `/api/raise` and `/raise` raise the error."""

    def prepare(error: Exception) -> FlaskClient:
        def view() -> str:
            raise error

        for path in ("/api/raise", "/raise"):
            app.add_url_rule(path, path, view, methods=["GET", "POST"])
        return app.test_client()

    return prepare


WRITES: list[tuple[OrchError, int, dict[str, Any]]] = [
    (InputError("why"), 400, {}),
    (ForbiddenError("why"), 403, {}),
    (NotFoundError("why"), 404, {}),
    (RuleError("why"), 409, {}),
    (RowError("why"), 409, {}),
    (DamagedError("why"), 409, {}),
    (ConflictError("why", {"id": "001"}), 409, {"present": {"id": "001"}}),
    (BusyError("why"), 503, {}),
    (LedgerError("why"), 500, {}),
    (OrchError("why"), 500, {}),
]


@pytest.mark.parametrize(("error", "status", "more"), WRITES)
def test_a_failed_write_says_why(
    raising: Callable[[Exception], FlaskClient],
    error: OrchError,
    status: int,
    more: dict[str, Any],
) -> None:
    answer = raising(error).post("/api/raise")
    assert (answer.status_code, answer.json) == (status, {"success": False, "error": "why", **more})


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFoundError("why"), 404), (DamagedError("why"), 500), (BusyError("why"), 503)],
)
def test_a_failed_read_has_just_the_reason(
    raising: Callable[[Exception], FlaskClient], error: OrchError, status: int
) -> None:
    answer = raising(error).get("/api/raise")
    assert (answer.status_code, answer.json) == (status, {"error": "why"})


@pytest.mark.parametrize(("seconds", "header"), [(0.2, "1"), (2.6, "3")])
def test_busy_says_when_to_come_back(
    raising: Callable[[Exception], FlaskClient], seconds: float, header: str
) -> None:
    answer = raising(BusyError("why", seconds)).post("/api/raise")
    assert answer.headers["Retry-After"] == header


def test_an_applied_change_is_never_told_as_failed(
    raising: Callable[[Exception], FlaskClient],
) -> None:
    answer = raising(UncertainError("not confirmed")).post("/api/raise")
    assert (answer.status_code, answer.json) == (
        *(200, {"success": True, "durable": False, "warning": "not confirmed"}),
    )


def test_a_defect_is_a_500_that_tells_nothing(
    raising: Callable[[Exception], FlaskClient],
) -> None:
    client = raising(ZeroDivisionError(SECRET))
    answers = [
        client.post("/api/raise"),
        client.get("/raise", headers={"Accept": "text/html"}),
    ]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert [SECRET in answer.get_data(as_text=True) for answer in answers] == [False, False]
    assert answers[0].json["error"] == "internal_error"


def test_a_browser_reads_the_reason_on_a_page(
    raising: Callable[[Exception], FlaskClient],
) -> None:
    answer = raising(DamagedError("TASKS.md:3: <conflict>")).get(
        "/raise", headers={"Accept": "text/html"}
    )
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "TASKS.md:3: &lt;conflict&gt;" in answer.get_data(as_text=True)


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.get("/api/tasks/hold")
    # Werkzeug gives the names in the order of a set.
    assert (answer.status_code, sorted(answer.allow or ())) == (405, ["OPTIONS", "POST"])


def refused_by_disk(number: int) -> LedgerError:
    error = LedgerError("TASKS.md was not written")
    error.__cause__ = OSError(number, "why")
    return error


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (errno.ENOSPC, 507),
        (errno.EDQUOT, 507),
        (errno.EROFS, 503),
        (errno.EACCES, 503),
        (errno.EPERM, 503),
        (errno.EIO, 500),
    ],
)
def test_what_the_disk_refuses_has_its_status(
    raising: Callable[[Exception], FlaskClient], number: int, status: int
) -> None:
    client = raising(refused_by_disk(number))
    for answer in (client.post("/api/raise"), client.get("/api/raise")):
        assert (answer.status_code, "was not written" in answer.text) == (status, True)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("{root}/config/cores.toml: unknown key: core", "config/cores.toml: unknown key: core"),
        ("/srv/工場 2/ORCH/STATE/TASKS.md: not locked", "TASKS.md: not locked"),
        ("C:\\作業\\STATE\\TASKS.md: not locked", "TASKS.md: not locked"),
        ("GET /api/tasks of http://127.0.0.1:5001/x", "GET tasks of http://127.0.0.1:5001/x"),
    ],
)
def test_no_answer_tells_where_we_are_installed(
    app: Flask,
    raising: Callable[[Exception], FlaskClient],
    orch_root: Path,
    message: str,
    said: str,
) -> None:
    client = raising(LedgerError(message.format(root=orch_root.parent)))
    assert client.post("/api/raise").get_json() == {"success": False, "error": said}
