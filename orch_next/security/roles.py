"""What each role may do, and in whose name (docs/security.md; contract 3.3)."""

from __future__ import annotations

from collections.abc import Callable

from orch_next.errors import ForbiddenError
from orch_next.security.identities import Identity

_WRITERS = frozenset({"CMD", "WORK", "AUDIT"})
ACTIONS = {
    "read": _WRITERS | {"viewer"},
    "write": _WRITERS,
    "self": _WRITERS | {"viewer"},
    "hold": frozenset({"CMD"}),
    "drop": frozenset({"CMD"}),
    "decide": frozenset({"CMD", "AUDIT"}),
    "dispatch": frozenset({"CMD"}),
    "sweep": frozenset({"CMD"}),
    "register": frozenset({"CMD"}),
    "reopen": frozenset({"CMD"}),
    "train": frozenset({"CMD"}),
    "administer": frozenset({"CMD"}),
    "audit": frozenset({"CMD", "AUDIT"}),
}

# What setting a status takes, wherever it is done.
_STATUS_ACTIONS = {"HOLD": "hold", "DROP": "drop", "DONE": "decide", "FIX": "decide"}
# What leaving it takes: who may not set a verdict does not lift it either.
_LEAVING_ACTIONS = {**_STATUS_ACTIONS, "DONE": "reopen"}
# Steps that follow a verdict instead of lifting it: the work is done again (contract 3.3).
_FOLLOWING = frozenset({("FIX", "DOING")})
_NOBODY = frozenset({"", "-", "None"})


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


def actions_of_step(before: str, after: str) -> set[str]:
    """Name what a change of status takes: the right to leave the one and to set the other."""
    if before == after:
        return set()
    setting = _STATUS_ACTIONS.get(after)
    leaving = None if (before, after) in _FOLLOWING else _LEAVING_ACTIONS.get(before)
    return {action for action in (setting, leaving) if action}


def is_own_core(identity: Identity | None, core_id: str, role: str) -> bool:
    """Tell whether an identity may speak as a core (or agent) of that id and role.

    CMD may as each, the others as those of their own role, those that their identity lists,
    and one that has their name; anybody else's is refused. Open mode asks nobody.
    """
    if identity is None or identity.role == "CMD":
        return True
    return identity.role == role != "viewer" or core_id in (identity.name, *identity.cores)


def require_core(identity: Identity | None, core_id: str, role: str) -> None:
    """Raise `ForbiddenError` unless the identity may speak as that core."""
    if identity is not None and not is_own_core(identity, core_id, role):
        raise ForbiddenError(
            f"{core_id} is not yours: you are {identity.role}, its role is {role}; "
            f"`orch-next identity cores` can list it for {identity.name}"
        )


def require_step(identity: Identity | None, before: str, after: str) -> None:
    """Raise `ForbiddenError` unless the identity may leave the one status for the other."""
    for action in sorted(actions_of_step(before, after)):
        try:
            require(identity, action)
        except ForbiddenError as error:
            raise ForbiddenError(f"from {before} to {after}: {error}") from None


def require_owner(identity: Identity | None, owner: str, role_of: Callable[[str], str]) -> None:
    """Raise `ForbiddenError` unless the identity may take a task from its owner."""
    owner = owner.strip()
    if identity is None or owner in _NOBODY:
        return
    role = role_of(owner)
    if not is_own_core(identity, owner, role):
        raise ForbiddenError(
            f"the task belongs to {owner}: giving it away takes CMD or the role {role}, "
            f"not {identity.role}"
        )


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
