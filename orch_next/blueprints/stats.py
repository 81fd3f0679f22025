"""Statistics for the pages' charts, from the journal; computed once per change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Blueprint, Response

from orch_next.blueprints.answers import answer_ready
from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import whole_number
from orch_next.clock import utc_micros
from orch_next.core.history import newest_id
from orch_next.core.stats import DAYS, MOST_DAYS, compute_spans, compute_stats
from orch_next.ready import make_ready

bp = Blueprint("stats", __name__)


@bp.get("/api/stats")
def stats() -> Response:
    """Return counts, throughput per day, lead time and time in state; `days` 1..366."""
    board, now = runtime().board, runtime().now()
    days = whole_number("days", DAYS, 1, MOST_DAYS)
    today = utc_micros(now)[:10]
    return _answer(
        f"stats {days}", today, lambda: compute_stats(board.state, board.journal, now, days)
    )


@bp.get("/api/stats/spans")
def spans() -> Response:
    """Return when each task was created, started and finished, as far as the journal knows."""
    board = runtime().board
    return _answer("spans", "", lambda: {"spans": compute_spans(board.state, board.journal)})


def _answer(name: str, today: str, build: Callable[[], Any]) -> Response:
    """Answer with bytes that are good until the journal, a ledger or the day changes."""
    parts = runtime()
    state, database = parts.board.state, parts.board.journal.database
    key = (today, state.tasks.digest, state.approvals.digest, newest_id(database))
    ready = parts.ready.get(name)
    if ready is None or ready.sources != key:
        ready = parts.ready[name] = make_ready(key, orjson.dumps(build()))
    return answer_ready(ready)
