"""The grammar of `orch-next migrate` and of the scripts over it."""

from __future__ import annotations

import argparse
from pathlib import Path

from orch_next.cli.shadow_parser import add_shadow
from orch_next.migrate.house import KEEP_BYTES, KEEP_RUNS, MOST_BYTES

VERBS = {
    "plan": "say what would be moved, and what stands in the way",
    "apply": "move; finishes an interrupted run first",
    "status": "say which step stands where",
    "verify": "check moved files and backups",
    "rollback": "restore what was there before",
    "report": "print the report of the whole move, or of a run",
}
_GIB = 2**30


def add_migrate(commands: argparse._SubParsersAction[argparse.ArgumentParser], more: str) -> None:
    """Add the command and its verbs; `more` is the text below every help."""
    migrate = commands.add_parser("migrate", help="move a MOC installation here, or back")
    verbs = migrate.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, summary in VERBS.items():
        command = verbs.add_parser(verb, help=summary, description=summary, epilog=more)
        command.set_defaults(module="migrate")
        add_folders(command)
        add_choice(command)
        add_manner(command)
        if verb in ("plan", "apply"):
            add_trial(command)
        if verb == "rollback":
            command.add_argument(
                "--restore-marks",
                action="store_true",
                help="restore owner, setuid, setgid and sticky bits too",
            )
        if verb == "report":
            command.add_argument(
                "--run", default="", metavar="RUN", help="this run alone; default: all that stands"
            )
    add_shadow(verbs, more)


def add_folders(command: argparse.ArgumentParser, target: Path | None = None) -> None:
    """Add `--source` and `--target`, by default the current folder and the given one."""
    command.add_argument(
        "--source",
        type=Path,
        metavar="MOC",
        help="the folder that holds ORCH/ (default: where it was moved from)",
    )
    command.add_argument(
        "--target",
        type=Path,
        default=target or Path(),
        metavar="DIR",
        help=f"the ORCH-Next project's folder (default: {target or 'here'})",
    )


def add_choice(command: argparse.ArgumentParser) -> None:
    """Add what narrows a run to some steps."""
    command.add_argument("--phase", type=int, choices=(1, 2, 3), help="only this phase")
    command.add_argument(
        "--step", action="append", default=[], metavar="NAME", help="only this step (repeatable)"
    )


def add_manner(command: argparse.ArgumentParser) -> None:
    """Add how a run works and speaks."""
    command.add_argument("--dry-run", action="store_true", help="say what it would do")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("--json", action="store_true", help="print JSON (UTF-8)")
    command.add_argument("--lang", choices=("en", "ja"), default="", help="default: $LANG")
    command.add_argument(
        "--trust-folder",
        action="store_true",
        help="go on with records in data/migration that another account or machine wrote",
    )
    command.add_argument(
        "--sections",
        action="store_true",
        help="step state: make a table of tasks that are written as headings with bullets",
    )
    command.add_argument(
        "--dialect",
        choices=("keep", "moc", "next"),
        default="keep",
        help="the ledgers' dialect (default: keep)",
    )
    command.add_argument(
        "--keep-runs",
        type=_number,
        default=KEEP_RUNS,
        metavar="N",
        help=f"backups of taken-back runs to keep (default: {KEEP_RUNS})",
    )
    command.add_argument(
        "--keep-gib",
        type=_number,
        default=KEEP_BYTES // _GIB,
        metavar="N",
        help=f"their size at most, in GiB (default: {KEEP_BYTES // _GIB})",
    )
    command.add_argument(
        "--most-gib",
        type=_number,
        default=MOST_BYTES // _GIB,
        metavar="N",
        help=f"refuse to read a larger file (default: {MOST_BYTES // _GIB} GiB)",
    )


def add_trial(command: argparse.ArgumentParser) -> None:
    """Add the trial of both installations' packages."""
    command.add_argument(
        "--check-requirements",
        action="store_true",
        help="let pip resolve the packages in a virtual environment (needs an index)",
    )


def kept_bytes(args: argparse.Namespace) -> int:
    """Return `--keep-gib` in bytes."""
    return int(args.keep_gib) * _GIB


def most_bytes(args: argparse.Namespace) -> int:
    """Return `--most-gib` in bytes."""
    return int(args.most_gib) * _GIB


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number
