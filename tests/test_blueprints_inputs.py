from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.blueprints.inputs import whole_number


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *(("", 7), ("1", 1), ("100", 100), ("0", 1), ("-5", 1), ("101", 100), ("9" * 19, 100)),
        *(("9" * 20, 7), ("1.5", 7), ("1_0", 7), ("\u0661", 7), ("+5", 7), (" 5", 7), ("五", 7)),
    ],
)
def test_a_number_stays_in_its_range(app: Flask, given: str, expected: int) -> None:
    with app.test_request_context("/", query_string={"limit": given}):
        assert whole_number("limit", 7, 1, 100) == expected


def test_an_absent_number_is_the_default(app: Flask) -> None:
    with app.test_request_context("/"):
        assert whole_number("limit", 7, 1, 100) == 7


@pytest.mark.parametrize("path", ["/api/git/graph", "/api/audit", "/api/history"])
@pytest.mark.parametrize("limit", ["-1", "0", "1000000", "9" * 30, "二"])
def test_no_limit_is_too_much_to_ask(client: FlaskClient, path: str, limit: str) -> None:
    assert client.get(path, query_string={"limit": limit}).status_code in (200, 404)
