from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from orch_next.dispatcher.notes import NEVER, dependencies, due_instant, priority_rank


@pytest.mark.parametrize(
    ("notes", "rank"),
    [
        ("priority=CRITICAL", 0),
        ("priority=HIGH・承認済み・オートパイロット対象", 1),
        ("priority=HIGH・WebUI統合・priority=LOW", 1),
        ("priority＝low、あとで", 3),
        ("機械学習モデル最適化・自動再訓練", 2),
        ("-", 2),
        ("priority=HIGHEST", 2),
        ("nopriority=HIGH", 2),
        ("priority = Medium", 2),
    ],
)
def test_priority_is_read_before_japanese_text(notes: str, rank: int) -> None:
    assert priority_rank(notes) == rank


@pytest.mark.parametrize(
    ("notes", "ids"),
    [
        ("depends=003,004", ("003", "004")),
        ("priority=HIGH・depends=003，deploy-004・承認済み", ("003", "deploy-004")),
        ("depends=003、 004 のあと", ("003", "004")),
        ("depends=003; depends=003,タスク1・x", ("003", "タスク1")),
        ("depends＝005（必須）", ("005（必須）",)),
        ("depends=005<br>- 次", ("005",)),
        ("depends=", ()),
        ("independs=003", ()),
        ("参考：C:\\Users\\User\\depends.md", ()),
    ],
)
def test_dependencies_are_listed_in_order_and_once(notes: str, ids: tuple[str, ...]) -> None:
    assert tuple(dependencies(notes)) == ids


def utc(year: int, month: int, day: int, *time: int) -> datetime:
    hour, minute, second, micro = (*time, 0, 0, 0, 0)[:4]
    return datetime(year, month, day, hour, minute, second, micro, timezone.utc)


@pytest.mark.parametrize(
    ("due", "instant"),
    [
        ("2025-10-15", utc(2025, 10, 15, 23, 59, 59, 999999)),
        ("2025-10-07T14:00:00Z", utc(2025, 10, 7, 14)),
        ("2025-10-07T14:00:00+09:00", utc(2025, 10, 7, 5)),
        ("2025-10-07T14:00", utc(2025, 10, 7, 14)),
        ("-", NEVER),
        ("None", NEVER),
        ("", NEVER),
        ("2025-13-40", NEVER),
        ("0001-01-01T00:00:00+09:00", NEVER),
    ],
)
def test_due_is_an_instant_and_nonsense_comes_last(due: str, instant: Any) -> None:
    assert due_instant(due) == instant
