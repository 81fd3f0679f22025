from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orch_next.dispatcher.cores import parse_cores
from orch_next.dispatcher.reports import Report, parse_report
from orch_next.dispatcher.sessions import (
    MISSING_CORE,
    DispatchRequest,
    parse_request,
    parse_stop,
)
from orch_next.errors import InputError


def test_defaults_are_the_contracts() -> None:
    assert parse_request({"coreId": "WORK_AI_01"}) == DispatchRequest("WORK_AI_01", True, True, 5)


def test_every_field_is_read() -> None:
    body = {
        "coreId": "WORK.a-1",
        "action": "Dispatch",
        "stay": False,
        "enableOrchIntegration": False,
        "intervalSec": 15,
    }
    request = parse_request(body)
    assert request == DispatchRequest("WORK.a-1", False, False, 15)
    assert request.argv == ["orch-next", "dispatch", "--core-id", "WORK.a-1"]


def test_zero_means_the_default_interval() -> None:
    assert parse_request({"coreId": "W", "intervalSec": 0}).interval == 5


def test_what_the_body_leaves_out_is_as_the_core_has_it() -> None:
    table = {"stay": False, "orch_integration": False, "interval_seconds": 90}
    cores = parse_cores({"cores": {"W": table}}, base=Path())
    asked = {"coreId": "W", "stay": True, "intervalSec": 0}
    assert parse_request({"coreId": "W"}, lambda: cores) == DispatchRequest("W", False, False, 90)
    assert parse_request(asked, lambda: cores) == DispatchRequest("W", True, False, 90)
    assert parse_request({"coreId": "V"}, lambda: cores) == DispatchRequest("V", True, True, 5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, MISSING_CORE),
        ({"coreId": ""}, MISSING_CORE),
        ({"coreId": None}, MISSING_CORE),
        ({"coreId": 7}, "coreId must be a string"),
        ({"coreId": "a'; rm -rf /"}, "coreId may hold 1 to 64 of A-Z a-z 0-9 _ . -"),
        ({"coreId": "核"}, "coreId may hold 1 to 64 of A-Z a-z 0-9 _ . -"),
        ({"coreId": "W", "action": "Stop"}, "action must be Dispatch"),
        ({"coreId": "W", "action": None}, "action must be Dispatch"),
        ({"coreId": "W", "stay": "false"}, "stay must be true or false"),
        ({"coreId": "W", "stay": 1}, "stay must be true or false"),
        ({"coreId": "W", "enableOrchIntegration": None}, "enableOrchIntegration must be true"),
        ({"coreId": "W", "intervalSec": "15"}, "intervalSec must be a whole number"),
        ({"coreId": "W", "intervalSec": True}, "intervalSec must be a whole number"),
        ({"coreId": "W", "intervalSec": 1.5}, "intervalSec must be a whole number"),
        ({"coreId": "W", "intervalSec": -1}, "intervalSec must be between 0 and 86400"),
        ({"coreId": "W", "intervalSec": 86401}, "intervalSec must be between 0 and 86400"),
        ([], "the body must be a JSON object"),
        (None, "the body must be a JSON object"),
    ],
)
def test_types_are_strict(body: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_request(body)
    assert str(caught.value).startswith(message)


def test_stop_without_a_core_means_all() -> None:
    bodies: tuple[Any, ...] = (None, {}, [], "x", {"coreId": ""}, {"coreId": "WORK_1"})
    assert [parse_stop(body) for body in bodies] == [None, None, None, None, None, "WORK_1"]
    for body in ({"coreId": 1}, {"coreId": "a b"}):
        with pytest.raises(InputError):
            parse_stop(body)


def test_a_report_is_read() -> None:
    body = {"job_id": "001", "status": "REVIEW", "artifact": " out/結果.md ", "token": "1.x"}
    assert parse_report(body) == Report("001", "REVIEW", "1.x", "out/結果.md", "")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"status": "REVIEW"},
        {"job_id": 1, "status": "REVIEW"},
        {"job_id": "001"},
        {"job_id": "001", "status": "DONE"},
        {"job_id": "001", "status": "review"},
        {"job_id": "001", "status": "FIX", "message": {}},
        {"job_id": "001", "status": "FIX", "message": "x" * 4001},
        {"job_id": "001", "status": "REVIEW", "artifact": "a\nb"},
        {"job_id": "x" * 256, "status": "REVIEW"},
    ],
)
def test_a_report_out_of_form_is_refused(body: Any) -> None:
    with pytest.raises(InputError):
        parse_report(body)
