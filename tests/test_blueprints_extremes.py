"""No value of any parameter of any route is answered with a 5xx."""

from __future__ import annotations

from flask import Flask, request

from tests.extremes import Extremes

# Documented: there is nobody who could log in or be registered (docs/http.md).
WITHOUT_A_DOOR = frozenset(
    (f"security.{name}", 503)
    for name in ("log_in", "log_out_everywhere", "change_password", "register")
)
WITHOUT_A_DISPATCHER = frozenset({("dispatch.start", 503)})


def test_no_value_of_a_get_parameter_breaks_an_answer(app: Flask) -> None:
    asked = Extremes(app)
    asked.read_all()
    assert asked.faults == []


def test_no_value_in_a_body_breaks_an_answer(app: Flask) -> None:
    asked = Extremes(app, WITHOUT_A_DOOR | WITHOUT_A_DISPATCHER)
    asked.write_all()
    assert asked.faults == []


def test_the_checker_notices_a_bare_int() -> None:
    naive = Flask("naive")

    @naive.get("/api/<key>")
    def read(key: str) -> dict[str, int]:
        return {key: int(request.args.get("limit", "1"))}

    asked = Extremes(naive)
    asked.read_all()
    assert any(fault.startswith("500 read") and "limit=NaN" in fault for fault in asked.faults)


def test_the_checker_notices_a_refusal_without_a_reason() -> None:
    naive = Flask("naive")

    @naive.post("/api/tasks/hold", endpoint="tasks.hold")
    def hold() -> tuple[dict[str, bool], int]:
        return {"success": False}, 400

    asked = Extremes(naive)
    asked.write_all()
    assert asked.faults[0].startswith("no reason: tasks.hold")
