"""What a run works with, its lock, and what must be true before anything is touched."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from orch_next.errors import BlockedError, BusyError, InputError, MigrationError
from orch_next.migrate.commit import Point, no_point
from orch_next.migrate.durable import DISK
from orch_next.migrate.facts import POSIX, Fact
from orch_next.migrate.house import House
from orch_next.migrate.manifest import Manifest, load_manifest
from orch_next.migrate.places import Places
from orch_next.migrate.record import Entry, Journal, load_journal, save_journal
from orch_next.migrate.report import StepReport
from orch_next.migrate.sealed import Seal
from orch_next.migrate.staging import Free, free_bytes
from orch_next.migrate.step import Step
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import hold_for_life, is_held

# the locks that a running server and a dispatcher hold (storage/leader.py, dispatcher/owner.py)
_RUNNING = (".orch-next-owner.lock", ".dispatcher.lock")
_STATES = ("ORCH/STATE", "STATE")


@dataclass(frozen=True)
class Frame:
    """The house, all steps in their order, what marks its records as ours.

    Tests pass in the rest: kill points, disk, clock.
    """

    house: House
    steps: tuple[Step, ...]
    point: Point = no_point
    free: Free = free_bytes
    clock: Callable[[], float] = time.monotonic
    disk: Disk = DISK
    seal: Seal = field(default_factory=Seal)

    @property
    def places(self) -> Places:
        """Return where the frame keeps its own files."""
        return Places(self.house.target)

    def journal(self) -> Journal:
        """Read the journal as it is now."""
        return load_journal(self.places.journal, self.seal)

    def save(self, journal: Journal) -> None:
        """Write the journal; the point before it is where a kill leaves the older one."""
        self.point("journal")
        save_journal(self.places.journal, journal, self.seal)
        self.point("journaled")

    def manifest(self, entry: Entry) -> Manifest:
        """Read an entry's manifest, an empty one for a step that changed nothing."""
        if not entry.changes:
            return Manifest(entry.run, entry.step, ())
        return load_manifest(self.places.backup(*entry.key), *entry.key, self.seal)

    def known(self, journal: Journal) -> dict[str, Fact]:
        """Return what finished steps left at each path, the newest counts."""
        done = (self.manifest(entry) for entry in journal.in_state("done"))
        return {item.path: item.after for manifest in done for item in manifest.items}

    def run_name(self, journal: Journal) -> str:
        """Return a name for a new run: the time in UTC, numbered when it is taken."""
        name = f"{self.house.now:%Y%m%dT%H%M%SZ}"
        taken = {*journal.runs(), *self._present()}
        number = 1
        while (wanted := name if number == 1 else f"{name}-{number:02d}") in taken:
            number += 1
        return wanted

    def told(self, entry: Entry) -> StepReport:
        """Return the report of a journal's entry, to be filled in."""
        step = next((one for one in self.steps if one.name == entry.step), None)
        titles = (step.title, step.title_ja) if step else (entry.step, entry.step)
        return StepReport(entry.step, entry.phase, *titles, "nothing", counts=entry.counts)

    def _present(self) -> set[str]:
        """Return the names for which a file or folder is there, whoever made it."""
        folders = [folder for folder in self.places.own if folder.is_dir()]
        return {path.name.split(".")[0] for folder in folders for path in folder.iterdir()}


def check_source(house: House) -> None:
    """Raise `InputError` when there is nothing to move from; a rollback needs no source."""
    if not house.source.is_dir():
        raise InputError(f"{house.source} is no folder")


def check_target(house: House, *, new: bool = False) -> None:
    """Raise `InputError` or `MigrationError` when nothing can be moved to the target.

    `new` lets a folder that does not exist yet pass: a move makes it.
    """
    if not house.target.is_dir() and not (new and not os.path.lexists(house.target)):
        raise InputError(f"{house.target} is no folder")
    places = Places(house.target)
    for path in (places.root.parent, places.root, *places.own):
        if not path.resolve().is_relative_to(house.target):
            raise MigrationError(f"{path} is a link that leads out of the target")
    for path in places.own:
        if path.is_symlink():
            raise MigrationError(f"{path} is a link: nobody but the migration writes there")


def check_not_running(house: House) -> None:
    """Raise `BlockedError` while a server or dispatcher of ORCH-Next works on the target."""
    for state in _STATES:
        for name in _RUNNING:
            path = house.target / state / name
            if path.is_symlink():
                raise MigrationError(f"{path} is a link: no server or dispatcher makes one")
            if path.is_file() and is_held(path):
                raise BlockedError(
                    f"an ORCH-Next server or dispatcher works on {path.parent}: stop it first"
                )


def _make_root(places: Places) -> None:
    """Make the frame's folder, closed to others: backups hold copies of secrets."""
    try:
        places.root.mkdir(parents=True, exist_ok=True)
        if POSIX:
            places.root.chmod(0o700)
    except OSError as error:
        why = error.strerror or str(error)
        raise MigrationError(f"{places.root} cannot be made: {why}; nothing was touched") from error


@contextlib.contextmanager
def alone(frame: Frame, *, new: bool = False) -> Iterator[None]:
    """Hold the target's lock; raise `BusyError` while another migration works on it."""
    check_target(frame.house, new=new)
    _make_root(frame.places)
    with hold_for_life(frame.places.lock) as is_ours:
        if not is_ours:
            raise BusyError(f"another migration works on {frame.house.target}; wait for its end")
        check_not_running(frame.house)
        yield
