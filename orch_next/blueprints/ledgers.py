"""The ledger files themselves: raw text, digest, problems."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response

from orch_next.blueprints.answers import answer_ready, as_problem
from orch_next.blueprints.context import runtime
from orch_next.core.schema import KINDS
from orch_next.core.texts import read_text
from orch_next.ready import make_ready

bp = Blueprint("ledgers", __name__)


@bp.get("/api/ledger/<any(tasks, approvals, milestones):name>")
def ledger(name: str) -> Response:
    """Return a ledger's whole text as it stands, with what is wrong with it."""
    kind = next(kind for kind in KINDS if f"{kind.name}s" == name)
    found = read_text(runtime().board.state, kind)
    value = {
        "file": kind.file_name,
        "digest": found.digest,
        "text": found.text,
        "problems": [as_problem(problem) for problem in found.problems],
        "stale": found.snapshot.stale,
        "damaged": bool(found.snapshot.damage),
        "missing": found.snapshot.missing,
    }
    return answer_ready(make_ready((), orjson.dumps(value)))
