"""`orch-next merge-ledger`: git's merge driver for the ledgers (docs/ledger.md, Merging)."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from orch_next.cli.guard import FAILED, FINE
from orch_next.cli.output import as_line
from orch_next.core.merging import Labels, Merged, merge_ledger
from orch_next.storage.atomic import replace_whole


def run(args: Namespace, _environ: Mapping[str, str]) -> int:
    """Write the merge of the three files into OURS; fail where something disagrees.

    `OSError` passes with OURS unchanged: git then takes the merge as failed.
    """
    base, ours, theirs = (Path(name).read_bytes() for name in (args.base, args.ours, args.theirs))
    data, merged = merge_ledger(base, ours, theirs, Labels(size=args.marker_size))
    if data != ours:
        replace_whole(Path(args.ours).resolve(), data)
    _tell(args.path or args.ours, merged)
    return FAILED if merged.conflicts else FINE


def _tell(name: str, merged: Merged) -> None:
    if not merged.by_record:
        print(as_line(f"{name}: damaged on one side: merged line by line"), file=sys.stderr)
    for conflict in merged.conflicts:
        record = f"{conflict.record_id}: " if conflict.record_id else ""
        line = f"{name}:{conflict.line}: {conflict.code}: {record}{conflict.message}"
        print(as_line(line), file=sys.stderr)
