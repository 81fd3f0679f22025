"""Ledger text for the core's tests: a header, its delimiter row and rows of cells."""

from __future__ import annotations

from collections.abc import Iterable

TASK_NAMES = ["id", "title", "status", "owner", "lock", "lock_owner"]
TASK_NAMES += ["lock_expires_at", "due", "artifact", "notes"]


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def task_row(task_id: str, title: str = "統合テスト", status: str = "READY") -> str:
    return line([task_id, title, status, "WORK", "-", "-", "-", "2025-10-07", "-", "確認"])


def task_table(*ids: str, names: Iterable[str] = TASK_NAMES) -> str:
    head = line(names) + line("---" for _ in names)
    return head + "".join(task_row(task_id) for task_id in ids)
