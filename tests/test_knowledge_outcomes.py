"""Outcomes are checked, named by their content, and know what they are about."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from orch_next.errors import InputError
from orch_next.knowledge.outcomes import LONGEST_OUTCOME, REQUIRED, parse_outcome
from tests.knowledge_desk import BODY, NOW, outcome

ALL = {"timeout_ms": 5, "retry_count": 0, "batch_size": 2, "memory_limit_mb": 256}


@pytest.mark.parametrize("gone", range(len(REQUIRED)))
@pytest.mark.parametrize("null", [True, False])
def test_the_first_missing_member_is_named_in_the_contracts_order(gone: int, null: bool) -> None:
    body = {**BODY, **dict.fromkeys(REQUIRED[gone:])}
    body = body if null else {k: v for k, v in body.items() if v is not None}
    with pytest.raises(InputError, match=f"^必須フィールドが不足: {REQUIRED[gone]}$"):
        parse_outcome(body, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("task_id", 1), ("task_id", " "), ("task_id", "x" * 256), ("operation_type", [])),
        *(("success", 1), ("success", "true"), ("execution_time_ms", "5"), ("error_message", 1)),
        *(("execution_time_ms", True), ("execution_time_ms", -1), ("execution_time_ms", 1e300)),
        *(("files_modified", "a"), ("files_modified", [1]), ("files_modified", {})),
        *(("ps1_parameters_used", []), ("performance_metrics", "x")),
        *(("ps1_parameters_used", {"timeout_ms": v}) for v in ("30000", -1, 1.5, True, 10**400)),
        ("ps1_parameters_used", {"script_name": 1}),
        *(("timestamp", v) for v in (1, "gestern", "2025-10-11T00:00:00Z", "9999-12-31T23:59:59")),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=name):
        outcome(**{name: value})


def test_the_hash_is_that_of_the_content() -> None:
    same = parse_outcome(dict(reversed(BODY.items())), datetime(2025, 11, 1, tzinfo=timezone.utc))
    assert same.outcome_hash == outcome().outcome_hash
    changed: list[dict[str, Any]] = [
        {"task_id": "002"},
        {"success": True},
        {"timestamp": "2025-10-09T03:00:00Z"},
    ]
    assert len({outcome(**one).outcome_hash for one in [{}, *changed]}) == 4


def test_times_are_utc_and_the_default_is_now() -> None:
    assert outcome().timestamp == NOW
    assert outcome(timestamp="2025-10-09T12:00:00+09:00").timestamp.isoformat() == (
        "2025-10-09T03:00:00+00:00"
    )


def test_a_setting_needs_all_four_parameters() -> None:
    assert outcome(ps1_parameters_used={**ALL, "timeout_ms": 5.0}).setting == (5, 0, 2, 256)
    assert outcome(ps1_parameters_used={**ALL, "batch_size": None}).setting is None
    assert outcome().setting is None


def test_the_script_is_the_named_one_or_the_operation() -> None:
    assert outcome().script == "file_operations"
    assert outcome(ps1_parameters_used={"script_name": "整理.ps1"}).script == "整理.ps1"


@pytest.mark.parametrize(("done", "items"), [(12, 12.0), (0, 1.0), ("12", 1.0), (True, 1.0)])
def test_pieces_of_work_are_counted(done: Any, items: float) -> None:
    assert outcome(performance_metrics={"items": done}).items == items


def test_nul_is_kept_out_everywhere() -> None:
    found = outcome(error_message="a\0b", files_modified=["\0"], performance_metrics={"\0": ["\0"]})
    assert "\0" not in repr((found.error_message, found.files_modified, found.performance_metrics))


def test_an_outcome_has_so_many_characters() -> None:
    body = {"task_id": "001", "operation_type": "x", "success": True, "execution_time_ms": 1}
    now = datetime(2025, 10, 9, tzinfo=timezone.utc)
    fits = {**body, "error_message": "x" * (LONGEST_OUTCOME - 1_000)}
    assert parse_outcome(fits, now).task_id == "001"
    with pytest.raises(InputError, match="outcome"):
        parse_outcome({**fits, "error_message": "x" * LONGEST_OUTCOME}, now)
