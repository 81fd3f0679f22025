"""Which steps a run is about; on the way back also what builds on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orch_next.errors import InputError
from orch_next.migrate.manifest import Manifest
from orch_next.migrate.record import Entry, Journal
from orch_next.migrate.step import Step


def choose_steps(
    steps: Sequence[Step], phase: int | None = None, names: Sequence[str] = ()
) -> tuple[Step, ...]:
    """Return the steps of a phase, or of some names, in their order; all without either."""
    known = [step.name for step in steps]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise InputError(f"no step {', '.join(unknown)}; there are: {', '.join(known)}")
    return tuple(
        step
        for step in steps
        if (not names or step.name in names) and (phase is None or step.phase == phase)
    )


def choose_entries(
    journal: Journal,
    manifest: Callable[[Entry], Manifest],
    phase: int | None = None,
    names: Sequence[str] = (),
) -> list[Entry]:
    """Return what a rollback takes back, newest first.

    Besides what was asked for these are interrupted steps, and later ones that changed a file
    of an earlier one.
    """
    chosen: list[Entry] = []
    paths: set[str] = set()
    for entry in journal.standing():
        touched = manifest(entry).paths
        asked = (not names or entry.step in names) and (phase is None or entry.phase == phase)
        if asked or entry.state != "done" or paths & touched:
            chosen.append(entry)
            paths |= touched
    return chosen[::-1]
