"""The git repository around the ledgers, and the merge driver in it (docs/ledger.md, Merging)."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import orch_next
from orch_next.core.schema import KINDS
from orch_next.sensors.git.command import Repository

DRIVER = "orch-ledger"
TITLE = "ORCH-Next: ledger rows by record and cell"
ATTRIBUTES = ".gitattributes"
NAMES = tuple(kind.file_name for kind in KINDS)


@dataclass(frozen=True)
class LedgerRepository:
    """A repository and the STATE folder in it, both resolved."""

    git: Repository
    state: Path

    def config(self) -> dict[str, str]:
        """Return what this clone's own configuration says; raise `GitError`."""
        listed = self.git.run("config", "--local", "--list", "-z").decode("utf-8", "replace")
        pairs = (entry.partition("\n") for entry in listed.split("\0") if entry)
        return {name: value for name, _, value in pairs}

    def driver(self) -> str:
        """Return the merge driver's command, or nothing."""
        return self.config().get(f"merge.{DRIVER}.driver", "")

    def set_driver(self, command: str) -> None:
        """Install the merge driver in this clone; raise `GitError`."""
        # The command first: git refuses to merge with a driver that has only a name.
        self.git.run("config", "--local", f"merge.{DRIVER}.driver", command)
        self.git.run("config", "--local", f"merge.{DRIVER}.name", TITLE)

    def unmarked(self) -> list[str]:
        """Return the ledgers that git would merge otherwise; raise `GitError`."""
        folder = self.state.relative_to(self.git.folder)
        paths = [(folder / name).as_posix() for name in NAMES]
        told = self.git.run("check-attr", "-z", "merge", "--", *paths).decode("utf-8", "replace")
        values = told.split("\0")[2::3]
        return [name for name, value in zip(NAMES, values, strict=True) if value != DRIVER]


def find_repository(state: Path) -> LedgerRepository | None:
    """Return the repository that encloses the STATE folder, or None."""
    state = state.resolve()
    for folder in (state, *state.parents):
        if (folder / ".git").exists():
            return LedgerRepository(Repository(folder), state)
    return None


def driver_command() -> str:
    """Return the command for git's configuration: this Python and this ORCH-Next.

    Git runs it with `sh` in the work tree's top, so nothing is imported from there.
    """
    home = Path(orch_next.__file__).resolve().parent.parent
    code = (
        f"import sys; sys.path[0] = {str(home)!r}; from orch_next.cli import main; sys.exit(main())"
    )
    program = f"{shlex.quote(Path(sys.executable).as_posix())} -c {shlex.quote(code)}"
    arguments = "%O %A %B --marker-size %L --path %P"
    return f"{program.replace('%', '%%')} merge-ledger {arguments}"
