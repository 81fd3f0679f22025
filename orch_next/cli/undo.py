"""`orch-next undo`: take back one journal entry."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from orch_next.cli.guard import FINE
from orch_next.cli.ledgers import as_object, author, open_ledgers
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, print_json
from orch_next.core.history import JournalEntry


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Undo an entry, or show with `--dry-run` what that would do."""
    undo, who = open_ledgers(settings_for(args, environ)).undo, author(args)
    entry_id = undo.last(who.actor).id if args.last else args.journal_id
    if args.dry_run:
        return _print_plan(args, undo.try_out(entry_id, who))
    done = undo.undo(entry_id, who)
    if args.json:
        row = as_object(done.record) if done.record else None
        print_json({"undone": entry_id, "journal_id": done.journal_id, done.entry.kind: row})
    else:
        _print_lines(done.entry, "undone")
    return FINE


def _print_plan(args: Namespace, entry: JournalEntry) -> int:
    if args.json:
        print_json(entry.as_json())
    else:
        _print_lines(entry, "would undo")
    return FINE


def _print_lines(entry: JournalEntry, what: str) -> None:
    print(as_line(f"{what} entry {entry.id}: {entry.event} of {entry.record_id} by {entry.actor}"))
    for change in entry.changes:
        was, now = (_shown(change[side]) for side in ("after", "before"))
        print(as_line(f"  {change['cell']}: {was} -> {now}"))


def _shown(value: object) -> str:
    return "(no row)" if value is None else str(value)
