"""The journal: which step of which run is in which state, in the order of their commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from orch_next.errors import RecordError
from orch_next.migrate.bounds import is_name, is_written_inner
from orch_next.migrate.sealed import Seal

State = Literal["committing", "done", "rolling_back", "rolled_back"]


@dataclass(frozen=True)
class Entry:
    """One step of one run; times are ISO 8601 UTC, `undone_by` is the run that took it back."""

    run: str
    step: str
    phase: int
    state: State
    source: str
    started: str
    changes: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    undone_by: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what names the entry's backup."""
        return self.run, self.step

    @property
    def stands(self) -> bool:
        """Tell whether its changes are, at least in part, in the tree."""
        return self.state != "rolled_back"


@dataclass(frozen=True)
class Journal:
    """All entries, oldest first; `folders` are made ones that were not empty at a rollback."""

    entries: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()

    def add(self, entry: Entry) -> Journal:
        """Return the journal with one more entry."""
        return replace(self, entries=(*self.entries, entry))

    def with_state(self, key: tuple[str, str], state: State, **more: Any) -> Journal:
        """Return the journal with an entry in another state."""
        entries = (replace(e, state=state, **more) if e.key == key else e for e in self.entries)
        return replace(self, entries=tuple(entries))

    def in_state(self, *states: State) -> list[Entry]:
        """List the entries in some states, oldest first."""
        return [entry for entry in self.entries if entry.state in states]

    def standing(self) -> list[Entry]:
        """List the entries whose changes are in the tree, oldest first."""
        return [entry for entry in self.entries if entry.stands]

    def runs(self) -> list[str]:
        """List the names of all runs, oldest first, with those that only took back."""
        names = [name for e in self.entries for name in (e.run, e.undone_by) if name]
        return list(dict.fromkeys(names))


def load_journal(path: Path, seal: Seal | None = None) -> Journal:
    """Read the journal, an empty one where there is none.

    Raise `RecordError` for a damaged one, or one that the seal does not know as ours.
    """
    try:
        body = (seal or Seal()).read(path)
        folders = tuple(body["folders"])
        if odd := [name for name in folders if not is_written_inner(name)]:
            raise ValueError(f"{odd[0]} is no path below the target")
        return Journal(tuple(_entry(one) for one in body["entries"]), folders)
    except FileNotFoundError:
        return Journal()
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{path} is damaged: {error!r}; nothing was touched") from error


def _entry(value: Mapping[str, Any]) -> Entry:
    entry = Entry(**value)
    if entry.state not in get_args(State):
        raise ValueError(f"unknown state: {entry.state}")
    if odd := [name for name in (*entry.key, entry.undone_by) if name and not is_name(name)]:
        raise ValueError(f"{odd[0]} is no name of a run or step")
    return entry


def save_journal(path: Path, journal: Journal, seal: Seal | None = None) -> None:
    """Write the journal, whole or not at all."""
    entries = [asdict(entry) for entry in journal.entries]
    (seal or Seal()).write(path, {"entries": entries, "folders": list(journal.folders)})
