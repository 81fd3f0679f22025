"""The commands `scripts/migrate_*.py`: one part of the move each, over the frame."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orch_next.cli.guard import FAILED, FINE, USAGE, guarded
from orch_next.cli.migrate import NoSourceError, open_frame, run
from orch_next.cli.migrate_parser import add_folders, add_manner, add_trial
from orch_next.cli.output import as_line, make_consoles_safe, print_json
from orch_next.migrate.choose import choose_steps
from orch_next.migrate.rehearse import Check, there_and_back

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Script:
    """What one script is about: its steps, and the flags that narrow it or look first.

    `parts` maps a flag to the steps that it selects; a flag also narrows a step that knows it.
    `looks` are flags that show the plan, `rehearsals` those that move into a temporary folder
    and back, `proofs` those that verify after the move.
    """

    summary: str
    steps: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looks: tuple[str, ...] = ()
    rehearsals: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()


def main(script: Script, argv: Sequence[str] | None = None) -> int:
    """Run a script and return its exit status, as the command line does."""
    args = _parser(script).parse_args(argv)
    args.project = PROJECT
    make_consoles_safe()
    return guarded(lambda: _work(script, args, os.environ))


def _parser(script: Script) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=script.summary)
    add_folders(parser, PROJECT)
    add_manner(parser)
    if "requirements" in script.steps:
        add_trial(parser)
    told = {
        **dict.fromkeys(script.parts, "only this part (default: all parts)"),
        **dict.fromkeys(script.looks, "show the plan and its findings first"),
        **dict.fromkeys(script.rehearsals, "move into a temporary folder and back first"),
        **dict.fromkeys(script.proofs, "read the backup again after the move"),
    }
    for flag, text in told.items():
        parser.add_argument(f"--{flag}", action="store_true", help=text)
    return parser


def _work(script: Script, args: Namespace, environ: Mapping[str, str]) -> int:
    given = {flag for flag in vars(args) if getattr(args, flag) is True}
    parts = [flag for flag in script.parts if flag in given]
    args.parts = frozenset(parts)
    args.step = [step for part in parts for step in script.parts[part]] or list(script.steps)
    args.phase = None
    try:
        open_frame(_for(args, "plan"))
    except NoSourceError as error:
        print(as_line(f"orch-next: {error}"), file=sys.stderr)
        return USAGE
    looked = given & {*script.looks, *script.rehearsals}
    if given & set(script.looks) and run(_for(args, "plan"), environ) != FINE:
        return FAILED
    if given & set(script.rehearsals) and not _rehearse(args):
        return FAILED
    if looked and (args.dry_run or not (args.yes or sys.stdin.isatty())):
        return FINE  # it was asked to look, and nobody said yes to more
    status = run(_for(args, "apply"), environ)
    if status == FINE and given & set(script.proofs) and not args.dry_run:
        return run(_for(args, "verify"), environ)
    return status


def _for(args: Namespace, verb: str) -> Namespace:
    return Namespace(**{**vars(args), "verb": verb})


def _rehearse(args: Namespace) -> bool:
    frame = open_frame(_for(args, "plan"))
    with tempfile.TemporaryDirectory(prefix="orch-next-rehearsal-") as folder:
        house = replace(frame.house, target=Path(folder).resolve())
        steps = choose_steps(frame.steps, None, args.step)
        return show_checks(there_and_back(replace(frame, house=house), steps), args.json)


def show_checks(checks: Iterable[Check], as_json: bool = False) -> bool:
    """Print each check as soon as it is made; return whether all were fine."""
    seen = []
    for check in checks:
        seen.append(check)
        if not as_json:
            print(as_line(f"{'ok' if check.fine else 'WRONG'}  {check.name}: {check.detail}"))
            sys.stdout.flush()
    if as_json:
        print_json([{"name": c.name, "fine": c.fine, "detail": c.detail} for c in seen])
    return bool(seen) and all(check.fine for check in seen)
