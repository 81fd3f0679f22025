"""Test tool: outcomes and samples whose truth is known, and a memory over a new database."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from orch_next.core.database import Database
from orch_next.events import Event
from orch_next.knowledge.documents import Library
from orch_next.knowledge.outcomes import WorkOutcome, parse_outcome
from orch_next.knowledge.shelf import Shelf
from orch_next.knowledge.store import KnowledgeStore
from orch_next.knowledge.training import Learn, Publish, Trainer

NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
BODY: dict[str, Any] = {
    "task_id": "001",
    "operation_type": "file_operations",
    "success": False,
    "execution_time_ms": 1500.5,
    "error_message": "ファイルが見つかりません: C:\\作業\\報告.md",
    "files_modified": ["C:\\作業\\報告.md"],
    "ps1_parameters_used": {"timeout_ms": 30000, "retry_count": 1},
    "performance_metrics": {"cpu": 12.5},
}


def outcome(**changed: Any) -> WorkOutcome:
    return parse_outcome({**BODY, **changed}, NOW)


def open_library(folder: Path) -> Library:
    return Library(Database(f"sqlite:///{folder / 'data' / 'orch.db'}"))


def run_body(at: int, dice: random.Random) -> dict[str, Any]:
    """Return one run of a script that needs 512 MB: mostly it gets 256."""
    memory = dice.choice((256, 256, 512))
    success = dice.random() < (0.95 if memory == 512 else 0.4)
    time = 4_000 * dice.lognormvariate(0, 0.2) * (1 if success else 0.5)
    used = {"timeout_ms": 30_000, "retry_count": 1, "batch_size": 4, "memory_limit_mb": memory}
    return {
        "task_id": f"{at % 7:03}",
        "operation_type": "task_processor",
        "success": success,
        "execution_time_ms": time,
        "ps1_parameters_used": used,
        "timestamp": (NOW - timedelta(minutes=500 - at)).isoformat(),
    }


def fill(store: KnowledgeStore, count: int) -> None:
    dice = random.Random(7)
    for at in range(count):
        store.save_work_outcome(parse_outcome(run_body(at, dice), NOW))


class Told(list[tuple[str, dict[str, Any]]]):
    """Takes what is published."""

    def __call__(self, event: Event) -> None:
        self.append((event.name, dict(event.payload)))


def make_trainer(
    library: Library,
    learn: Learn,
    publish: Publish,
    start_thread: Callable[[Callable[[], None]], object],
) -> Trainer:
    return Trainer(
        KnowledgeStore(library),
        Shelf(library),
        learn,
        now=lambda: NOW,
        publish=publish,
        start_thread=start_thread,
    )
