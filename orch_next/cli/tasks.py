"""`orch-next tasks`: list, show, the five verbs and create."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from orch_next.cli.ledgers import author, open_ledgers, read_state
from orch_next.cli.options import settings_for
from orch_next.cli.records import READING, print_changed, print_read
from orch_next.config import Settings

COLUMNS = ("id", "status", "owner", "due", "title")
STATUSES = {
    "promote": "READY",
    "approve-done": "DONE",
    "request-fix": "FIX",
    "hold": "HOLD",
    "drop": "DROP",
}


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Run one verb; raise the core's errors for what cannot be done."""
    settings = settings_for(args, environ)
    if args.verb in READING:
        return print_read(args, read_state(settings).tasks, COLUMNS)
    return _create(args, settings) if args.verb == "create" else _set_status(args, settings)


def _set_status(args: Namespace, settings: Settings) -> int:
    tasks = open_ledgers(settings).tasks
    task = tasks.set_status(
        args.record_id, STATUSES[args.verb], author(args), expected_rev=args.expected_rev
    )
    return print_changed(args, task, f"{task.id} {task.status}")


def _create(args: Namespace, settings: Settings) -> int:
    from orch_next.core.tasks import TaskDraft

    draft = TaskDraft(title=args.title, owner=args.owner, due=args.due or "", notes=args.notes)
    task = open_ledgers(settings).tasks.create(draft, author(args))
    return print_changed(args, task, task.id)
