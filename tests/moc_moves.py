"""Test tool: do what a step plans without the frame, to look at the step alone."""

from __future__ import annotations

import shutil

from orch_next.migrate.changes import Put, Remove
from orch_next.migrate.house import House
from orch_next.migrate.step import Step, Work


def move(step: Step, house: House) -> Work:
    """Plan a step, do its changes, and expect its verification to find nothing."""
    work = step.plan(house)
    for change in work.changes:
        if isinstance(change, Put):
            _put(house, change)
    for change in work.changes:
        if isinstance(change, Remove):
            (house.target / change.path).unlink()
    assert list(step.verify(house, work)) == []
    return work


def _put(house: House, change: Put) -> None:
    place = house.target / change.path
    place.parent.mkdir(parents=True, exist_ok=True)
    staged = place.with_name(f"{place.name}.staged")
    if change.content is not None:
        staged.write_bytes(change.content)
    elif change.origin is not None:
        shutil.copy2(change.origin, staged)
    elif change.build is not None:
        change.build(staged)
    if change.mode is not None:
        staged.chmod(change.mode)
    staged.replace(place)
