"""`orch-next check`: the problems of the ledgers, for people, editors and hooks."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, replace

from orch_next.cli.guard import FAILED, FINE
from orch_next.cli.ledgers import read_state, shown_path
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, print_json
from orch_next.clock import utc_now
from orch_next.config import Settings
from orch_next.core.schema import KINDS, Problem
from orch_next.core.strict import check_folder

_ORDER = {kind.file_name: place for place, kind in enumerate(KINDS)}


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Print every problem; fail when one is more than a note."""
    problems = find_problems(settings_for(args, environ), strict=args.strict)
    if args.json:
        print_json([asdict(problem) for problem in problems])
    else:
        for found in problems:
            print(as_line(f"{found.file}:{found.line}: {found.severity}: {found.message}"))
    return FAILED if any(problem.severity != "note" for problem in problems) else FINE


def find_problems(settings: Settings, *, strict: bool = False) -> list[Problem]:
    """Return the problems by file and line, each with its file's path."""
    folder = settings.state_folder
    if strict:
        found = check_folder(folder, settings.moc_root, utc_now())
    else:
        found = read_state(settings).problems()
        found.sort(key=lambda problem: (_ORDER[problem.file], problem.line))
    return [replace(problem, file=shown_path(folder / problem.file)) for problem in found]
