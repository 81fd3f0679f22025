"""`orch-next leases`: who holds what; claim, renew and report for cores; sweep for people."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from orch_next.cli.control import open_control
from orch_next.cli.guard import FAILED, FINE
from orch_next.cli.ledgers import author
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, as_table, print_json
from orch_next.dispatcher.control import Control
from orch_next.errors import InputError

COLUMNS = ("task", "core", "lock_expires_at", "state")
TOKEN_VARIABLE = "ORCH_TOKEN"  # noqa: S105  # the name of a variable, not a token


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Run one verb; raise the core's errors, ConflictError for a late holder."""
    control = open_control(settings_for(args, environ))
    if args.verb in ("renew", "report"):
        args.token = args.token or environ.get(TOKEN_VARIABLE, "")
        if not args.token:
            raise InputError(f"a token is required: --token or {TOKEN_VARIABLE}")
    return VERBS[args.verb](args, control)


def _list(args: Namespace, control: Control) -> int:
    held, foreign = control.held(), [lock.as_json() for lock in control.foreign_locks()]
    if args.json:
        print_json({"leases": held, "foreign": foreign})
        return FINE
    rows = [(one["job_id"], one["coreId"], one["lock_expires_at"], "held") for one in held]
    rows += [_foreign_row(lock) for lock in foreign]
    print(as_table(COLUMNS, rows))
    return FINE


def _foreign_row(lock: dict[str, Any]) -> tuple[str, str, str, str]:
    state = "foreign, expired" if lock["expired"] else "foreign"
    return lock["task_id"], lock["lock_owner"], lock["lock_expires_at"], state


def _sweep(args: Namespace, control: Control) -> int:
    swept = [(task.id, task.status) for task in control.sweep(author(args))]
    if args.json:
        print_json({"swept": [task_id for task_id, _ in swept]})
    else:
        for task_id, status in swept:
            print(as_line(f"{task_id} {status}"))
    return FINE


def _claim(args: Namespace, control: Control) -> int:
    claimed = control.claim(args.core_id, args.task)
    print_json(claimed or {"task": None})
    return FINE if claimed else FAILED


def _renew(args: Namespace, control: Control) -> int:
    print_json(control.pull.renew(args.task_id, args.token, args.seconds))
    return FINE


def _report(args: Namespace, control: Control) -> int:
    said = control.report(args.task_id, args.token, args.status, args.artifact, args.message)
    print_json(said)
    return FINE


VERBS: Mapping[str, Callable[[Namespace, Control], int]] = MappingProxyType(
    {"list": _list, "sweep": _sweep, "claim": _claim, "renew": _renew, "report": _report}
)
