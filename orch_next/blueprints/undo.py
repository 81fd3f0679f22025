"""Undo of journal entries, and the history to choose them from."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from orch_next.blueprints.answers import with_rev
from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import author, read_body, whole_number
from orch_next.blueprints.once import answer_once
from orch_next.blueprints.permits import sees_audit
from orch_next.core.database import SECURITY
from orch_next.core.events import Who
from orch_next.core.history import LARGEST_ID, JournalEntry, list_entries
from orch_next.errors import NotFoundError
from orch_next.security import require
from orch_next.security.roles import actions_of_undo

bp = Blueprint("undo", __name__)

LONGEST_PAGE = 500
MOST_PAGE_BYTES = 4_000_000


@bp.post("/api/undo/<int:journal_id>")
def undo(journal_id: int) -> Response:
    """Give the row of one journal entry back what it had before; undoing an undo is redo."""
    who = author(read_body(), "actor", "role", ("http", "CMD"))
    payload = {"journal_id": journal_id, "actor": who.actor, "role": who.role}
    return answer_once("undo", payload, lambda: _undo(journal_id, who))


def _undo(journal_id: int, who: Who) -> Response:
    changes = runtime().board.undo
    _require_all(changes.get(journal_id))
    done = changes.undo(journal_id, who)
    row = with_rev(done.record) if done.record else None
    return jsonify(
        {
            "success": True,
            "undone": journal_id,
            "journal_id": done.journal_id,
            "kind": done.entry.kind,
            "id": done.entry.record_id,
            done.entry.kind: row,
            "rev": row["rev"] if row else None,
        }
    )


@bp.get("/api/history")
def history() -> Response:
    """Return a page of the journal, newest first: who changed what, and what can be undone."""
    limit = whole_number("limit", 100, 1, LONGEST_PAGE)
    parts = runtime()
    parts.board.state.refresh()
    entries = list_entries(
        parts.board.journal.database,
        kind=request.args.get("kind", ""),
        record_id=request.args.get("id"),
        actor=request.args.get("actor"),
        source=request.args.get("source"),
        before=whole_number("before", LARGEST_ID, 0, LARGEST_ID),
        limit=limit + 1,
        with_security=sees_audit(),
        most_bytes=MOST_PAGE_BYTES,
    )
    # The last entry says that there is more; an answer has at least one.
    has_more = len(entries) > limit or sum(one.size for one in entries) > MOST_PAGE_BYTES
    page = entries[:-1] if has_more and len(entries) > 1 else entries
    undoable = parts.board.undo.judge(page)
    shown = [
        {**entry.as_json(), "undoable": fits} for entry, fits in zip(page, undoable, strict=True)
    ]
    return jsonify(entries=shown, next_before=page[-1].id if has_more else None)


def _require_all(entry: JournalEntry) -> None:
    """Raise ForbiddenError unless the identity has every right that this undo takes."""
    identity = g.get("identity")
    if entry.kind == SECURITY and not sees_audit():
        raise NotFoundError(f"the journal has no entry {entry.id}")
    own = identity is not None and not entry.claimed and entry.actor == identity.name
    for action in sorted(actions_of_undo(entry.kind, entry.statuses, own=own)):
        require(identity, action)
