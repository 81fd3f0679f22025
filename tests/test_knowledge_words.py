"""Words that every database can index, Japanese too."""

from __future__ import annotations

import pytest

from orch_next.knowledge.words import finds, split_query, split_words

TEXT = "承認待ちの Task_Dispatcher.ps1 が C:\\作業\\報告.md で失敗、ﾃｽﾄ１２３"


def test_a_run_of_japanese_becomes_pairs_and_its_last_character() -> None:
    assert split_words("WORK承認待ち済") == ["work", "承認", "認待", "待ち", "ち済", "済"]


@pytest.mark.parametrize(
    "query",
    [
        *(
            "承認",
            "認",
            "待ち",
            "の",
            "承認待ち",
            "task",
            "TASK_DISPATCHER",
            "dispatcher.ps",
            "ps1",
        ),
        *("作業\\報告", "テスト", "ﾃｽﾄ", "テスト123", "失敗 承認", "disp"),
    ],
)
def test_what_is_there_is_found(query: str) -> None:
    assert finds(split_query(query), TEXT)


@pytest.mark.parametrize(
    "query", ["承待", "認承", "patcher", "報告書", "task_dispatcher x", "テスト4"]
)
def test_what_is_not_there_is_not_found(query: str) -> None:
    assert not finds(split_query(query), TEXT)


def test_a_query_without_letters_has_no_phrase() -> None:
    assert split_query(' "*" --  、') == []
