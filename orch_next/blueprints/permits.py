"""What the identity of this request may do to a row: judged under the ledger's lock."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, g

from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import idempotency_key
from orch_next.core.lease_store import Lease
from orch_next.core.schema import ROLES, Task
from orch_next.dispatcher.cores import is_core_id
from orch_next.errors import ForbiddenError
from orch_next.security import door_identities
from orch_next.security.identities import Identity
from orch_next.security.roles import (
    allowed_actions,
    is_own_core,
    require_core,
    require_owner,
    require_step,
)

# Whoever signs callbacks is a program with the rights of WORK (docs/security.md).
SIGNER = Identity("", "callback", "WORK", "")
VERDICTS = ("DONE", "HOLD", "DROP")


def permit_change(task: Task, cells: Mapping[str, str]) -> None:
    """Raise ForbiddenError where the identity may not leave this status or take this owner's."""
    identity = g.get("identity")
    if "status" in cells:
        require_step(identity, task.status, cells["status"])
    if cells.get("owner", task.owner) != task.owner:
        require_owner(identity, task.owner, role_of_core)


def permit_callback(task: Task, cells: Mapping[str, str]) -> None:
    """Raise ForbiddenError where a signed callback may not; open mode asks nobody.

    FIX of a task at work is a core's own failure, not a verdict on a REVIEW.
    """
    status = cells["status"]
    if door_identities(current_app) is not None and (task.status, status) != ("DOING", "FIX"):
        require_step(SIGNER, task.status, status)


def refuse_verdict(status: str) -> None:
    """Raise ForbiddenError where tokens are asked for and a callback wants to judge."""
    if door_identities(current_app) is not None and status in VERDICTS:
        raise ForbiddenError(f"{status} is a person's verdict, not a callback's")


def require_own_core(core_id: str) -> None:
    """Raise ForbiddenError unless the identity may speak as the core; InputError for no id."""
    require_core(g.get("identity"), core_id, runtime().control.load_cores().get(core_id).role)


def require_own_agent(key: str) -> None:
    """Raise ForbiddenError for an agent that another added, or that is a core of others.

    A name that is nobody's yet becomes the identity's own.
    """
    identity = g.get("identity")
    role = role_of_core(key) if identity else ""
    if is_own_core(identity, key, role):
        return
    registrar = runtime().agents.registrar(key)
    is_others_core = role in ROLES or key in runtime().control.load_cores().known
    if is_others_core or registrar not in (None, identity_id()):
        require_core(identity, key, role)


def sees_audit() -> bool:
    """Tell whether who asks may see what happened at the door."""
    return "audit" in allowed_actions(g.get("identity"))


def identity_id() -> str:
    """Return who asks, empty in open mode."""
    identity = g.get("identity")
    return identity.id if identity else ""


def own_key() -> str | None:
    """Return the `Idempotency-Key` as this identity's own: nobody is answered for another."""
    key = idempotency_key()
    return f"{identity_id()}:{key}" if key and g.get("identity") else key


def prove_claimant(lease: Lease) -> None:
    """Raise ForbiddenError unless the identity that claimed asks.

    What the dispatcher claimed for a core may be reported by whoever may speak as the core.
    """
    if lease.claimant and g.get("identity") is not None:
        if lease.claimant != identity_id():
            raise ForbiddenError(f"another identity has claimed {lease.task_id}")
        return
    require_own_core(lease.core)


def role_of_core(core_id: str) -> str:
    """Return the role of a core, by cores.toml or its id; empty for what is no core's id."""
    return runtime().control.load_cores().get(core_id).role if is_core_id(core_id) else ""
