"""What tasks and approvals print alike: a list, one record, a changed record."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TypeVar

from orch_next.cli.guard import FINE
from orch_next.cli.ledgers import as_object
from orch_next.cli.output import as_line, as_table, print_json
from orch_next.core.schema import Record, Snapshot

R = TypeVar("R", bound=Record)


READING = ("list", "show")


def print_read(args: Namespace, snapshot: Snapshot[R], columns: Sequence[str]) -> int:
    """Run `list` or `show`; raise `NotFoundError` for an unknown id."""
    return (
        _print_list(args, snapshot, columns) if args.verb == "list" else _print_one(args, snapshot)
    )


def _print_list(args: Namespace, snapshot: Snapshot[R], columns: Sequence[str]) -> int:
    chosen = [
        record
        for record in snapshot.records
        if args.status in (None, getattr(record, "status", None))
    ]
    if args.json:
        print_json([as_object(record) for record in chosen])
    else:
        rows = [[str(getattr(record, name)) for name in columns] for record in chosen]
        print(as_table(columns, rows))
    return FINE


def _print_one(args: Namespace, snapshot: Snapshot[R]) -> int:
    record = snapshot.get(args.record_id)
    if args.json:
        print_json(as_object(record))
    else:
        values = {**record.as_json(), "rev": record.rev}
        print("\n".join(f"{name:<16} {as_line(str(value))}" for name, value in values.items()))
    return FINE


def print_changed(args: Namespace, record: Record, line: str) -> int:
    """Print a record after its change: as JSON, or the given line for people."""
    if args.json:
        print_json(as_object(record))
    else:
        print(as_line(line))
    return FINE
