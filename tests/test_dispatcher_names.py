from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.dispatcher.names import attempt_log, safe_name


@pytest.mark.parametrize("task_id", ["001", "deploy-004", "A_b.2", "CONTROL", "x" * 60])
def test_plain_ids_stay(task_id: str) -> None:
    assert safe_name(task_id) == task_id


HOSTILE = [
    "../x",
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "C:\\Windows",
    "CON",
    "nul.txt",
    "com1",
    "a.",
    "a ",
    "作業１",
    "-rf",
    ".hidden",
    "x" * 61,
    "a\x00b",
    "a\nb",
    "task-0123456789ab",
    "\ud800",
]


@pytest.mark.parametrize("task_id", HOSTILE)
def test_others_become_a_hash(task_id: str) -> None:
    assert safe_name(task_id).removeprefix("task-").isalnum()
    assert safe_name(safe_name(task_id)) != safe_name(task_id)


def test_names_differ() -> None:
    assert len({safe_name(one) for one in HOSTILE}) == len(HOSTILE)


def test_a_log_is_never_reused(tmp_path: Path) -> None:
    first = attempt_log(tmp_path, "../x", 1)
    first.parent.mkdir()
    first.touch()
    assert first.parent.parent == tmp_path
    assert attempt_log(tmp_path, "../x", 1) == first.with_name("1-2.log")
