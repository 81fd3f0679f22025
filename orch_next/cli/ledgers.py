"""What the commands share: the ledgers, the author, a record as JSON."""

from __future__ import annotations

import getpass
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_next.clock import utc_now
from orch_next.config import Settings
from orch_next.core.events import Who
from orch_next.core.schema import Record
from orch_next.core.state import State

if TYPE_CHECKING:
    from orch_next.core.board import Board


def read_state(settings: Settings) -> State:
    """Return the ledgers for reading: no database, no file is made."""
    return State(settings.state_folder, now=utc_now)


def open_ledgers(settings: Settings) -> Board:
    """Open the board for a change, with the journal's database."""
    # Whoever only looks does not load a database's library.
    from orch_next.core.board import open_board

    return open_board(
        settings.state_folder,
        settings.database,
        governance=settings.governance,
        lock_timeout=settings.lock_timeout_seconds,
        most_cell_bytes=settings.max_cell_bytes,
        now=utc_now,
    )


def author(args: Namespace) -> Who:
    """Return who changes something: `--actor`, else the operating system's user name."""
    return Who(actor=args.actor or _user_name(), role=args.role, source="cli")


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        # A container may run under a number that no user database knows.
        return "cli"


def as_object(record: Record) -> dict[str, Any]:
    """Return a record for JSON: the contract's keys, its revision and its line."""
    return {**record.as_json(), "rev": record.rev, "line": record.line}


def shown_path(path: Path) -> str:
    """Return a path as people type it: relative where it lies below the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
