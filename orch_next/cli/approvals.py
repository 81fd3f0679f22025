"""`orch-next approvals`: list, show, approve and reject."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from orch_next.cli.ledgers import author, open_ledgers, read_state
from orch_next.cli.options import settings_for
from orch_next.cli.records import READING, print_changed, print_read
from orch_next.config import Settings
from orch_next.core.approvals import Decision

COLUMNS = ("appr_id", "task_id", "status", "requested_by", "approver", "ts_req", "op")
STATUSES = {"approve": "approved", "reject": "rejected"}
DEFAULT_ROLE = "CMD"  # contract 1.2


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Run one verb; raise the core's errors for what cannot be done."""
    settings = settings_for(args, environ)
    if args.verb in READING:
        return print_read(args, read_state(settings).approvals, COLUMNS)
    return _decide(args, settings)


def _decide(args: Namespace, settings: Settings) -> int:
    who = author(args)
    role = args.approver_role or (who.role if who.role != "-" else DEFAULT_ROLE)
    decision = Decision(STATUSES[args.verb], args.approver or who.actor, role, args.comment)
    approval = open_ledgers(settings).approvals.decide(
        args.record_id, decision, who, expected_rev=args.expected_rev
    )
    return print_changed(args, approval, f"{approval.appr_id} {approval.status}")
