"""What each role may do, and in whose name (docs/security.md; contract 3.3)."""

from __future__ import annotations

import re

from orch_next.errors import ForbiddenError
from orch_next.security.identities import Identity

_WRITERS = frozenset({"CMD", "WORK", "AUDIT"})
ACTIONS = {
    "read": _WRITERS | {"viewer"},
    "write": _WRITERS,
    "hold": frozenset({"CMD"}),
    "drop": frozenset({"CMD"}),
    "decide": frozenset({"CMD", "AUDIT"}),
    "dispatch": frozenset({"CMD"}),
    "sweep": frozenset({"CMD"}),
    "register": frozenset({"CMD"}),
    "audit": frozenset({"CMD", "AUDIT"}),
}

# The first pattern that fits the path of a writing request names its action.
_PATHS = [
    (re.compile(pattern), action)
    for pattern, action in (
        (r"/api/tasks/hold/?", "hold"),
        (r"/api/tasks/drop/?", "drop"),
        # Both judge a REVIEW: whoever did the work does not close it.
        (r"/api/tasks/(approve_done|request_fix)/?", "decide"),
        (r"/api/approvals/(approve|reject)/?", "decide"),
        (r"/api/approval/.+/update/?", "decide"),
        (r"/api/ai/heal/?", "sweep"),
        (r"/api/security/register/?", "register"),
        (r"/jobs/.+/(approve|reject)/?", "decide"),
        (r"/dispatch(/(stop|drain|nudge))?/?", "dispatch"),
        (r"/api/leases/sweep/?", "sweep"),
    )
]


# What setting a status takes, wherever it is done.
_STATUS_ACTIONS = {"HOLD": "hold", "DROP": "drop", "DONE": "decide", "FIX": "decide"}


def action_of(method: str, path: str) -> str:
    """Name the action of a request: a key of `ACTIONS`."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return "read"
    return next((action for pattern, action in _PATHS if pattern.fullmatch(path)), "write")


def actions_of_undo(kind: str, statuses: tuple[str | None, str | None], *, own: bool) -> set[str]:
    """Name what an undo takes: the right of the change it takes back and of the one it makes.

    `statuses` are those before and after that change, None for no row; `own` says that
    the identity itself made it. To remove a row takes as much as DROP, but for one's own.
    """
    if kind == "approval":
        return {"decide"}
    before, after = statuses
    found = {"write"}
    if before != after:
        found |= {_STATUS_ACTIONS[one] for one in statuses if one in _STATUS_ACTIONS}
    if before is None and not own:
        found.add("drop")
    return found


def allowed_actions(identity: Identity | None) -> list[str]:
    """List the actions that the role may do; None (open mode) may do everything."""
    return [name for name, roles in ACTIONS.items() if identity is None or identity.role in roles]


def require(identity: Identity | None, action: str) -> None:
    """Raise `ForbiddenError` unless the role may do it; None (open mode) may do everything."""
    if identity is not None and identity.role not in ACTIONS[action]:
        allowed = " or ".join(sorted(ACTIONS[action]))
        raise ForbiddenError(f"{action} needs the role {allowed}, not {identity.role}")


def speaker(
    identity: Identity | None, claimed_name: str | None, claimed_role: str | None
) -> tuple[str, str, bool]:
    """Return name, role and whether they are merely claimed; raise `ForbiddenError`.

    Without an identity (open mode) the claims stand, "" where there is none; with
    one they must be absent, empty or equal to it.
    """
    if identity is None:
        return claimed_name or "", claimed_role or "", True
    _same("name", claimed_name, identity.name)
    _same("role", claimed_role, identity.role)
    return identity.name, identity.role, False


def _same(what: str, claimed: str | None, proved: str) -> None:
    if claimed and claimed != proved:
        raise ForbiddenError(f"the {what} {claimed!r} in the body is not yours ({proved!r})")
