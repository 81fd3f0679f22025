"""Test tool: kill a move or a rollback somewhere, then finish it, then go back; compare trees."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orch_next.migrate.apply import apply
from orch_next.migrate.facts import Fact, tree_facts
from orch_next.migrate.rollback import rollback
from tests.moving import Sample, make_sample, quick_folder, shown, start

Rows = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Killed:
    """One trial: where the child died, how it went on, and what was wrong ("" when nothing)."""

    seed: int
    verb: str
    died: bool
    went_on: str
    state: str
    wrong: str = ""


@dataclass(frozen=True)
class Trees:
    """What the target may look like."""

    old: dict[str, Fact]
    new: Rows
    settled: bool  # no step undoes another's work, so that a second move finds nothing to do


def count_points(folder: Path, sample: Sample, verb: str) -> tuple[int, Trees]:
    """Move a copy there and back without a kill; return how many points `verb` passes."""
    counted = {"apply": 0, "rollback": 0}
    old = tree_facts(sample.house.target)
    apply(sample.frame(point=_counting(counted, "apply")), sample.steps)
    new = shown(tree_facts(sample.house.target), old)
    settled = not apply(sample.frame(), sample.steps).did_something
    rollback(sample.frame(point=_counting(counted, "rollback")))
    shutil.rmtree(sample.house.target / "data" / "migration")
    return counted[verb], Trees(old, new, settled)


def _counting(counted: dict[str, int], verb: str) -> Callable[[str], None]:
    def point(name: str) -> None:
        counted[verb] += 1

    return point


def kill_once(seed: int) -> Killed:
    """Build a random house, kill a child in it, and bring the work to an end."""
    rng = random.Random(seed)
    with quick_folder("orch-next-kill-") as name:
        folder = Path(name).resolve()
        sample = make_sample(folder, seed)
        verb = rng.choice(("apply", "rollback"))
        points, trees = count_points(folder, sample, verb)
        if verb == "rollback":
            apply(sample.frame(), sample.steps)
        died = _kill(folder, sample, verb, rng, points)
        went_on = rng.choice(("on", "back")) if trees.settled else "back"
        return _finish(sample, trees, Killed(seed, verb, died, went_on, ""))


def _kill(folder: Path, sample: Sample, verb: str, rng: random.Random, points: int) -> bool:
    """Kill at a point, or one time in three at any moment; tell whether it died in its work."""
    at_point = rng.random() < 0.67
    child = start(folder, sample, verb, rng.randint(1, points) if at_point and points else 0)
    assert child.stdout is not None
    child.stdout.readline()  # "go": it has begun
    if not at_point:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(rng.random() * 0.06)
        child.kill()
    child.stdout.close()
    return child.wait() != 0


def _finish(sample: Sample, trees: Trees, trial: Killed) -> Killed:
    wrong = _torn(sample, trees)
    entries = sample.frame().journal().in_state("committing", "rolling_back")
    state = ",".join(entry.state for entry in entries)
    if trial.went_on == "on":
        report = apply(sample.frame(), sample.steps)
        wrong = wrong or report.error or _differs(_new(sample, trees), trees.new)
    rollback(sample.frame())
    wrong = wrong or _differs(tree_facts(sample.house.target), trees.old)
    return replace(trial, state=state, wrong=wrong)


def _new(sample: Sample, trees: Trees) -> Rows:
    return shown(tree_facts(sample.house.target), trees.old)


def _torn(sample: Sample, trees: Trees) -> str:
    """Name a file that, right after the kill, is in no state of any step."""
    known = {fact.sha256 for fact in trees.old.values()} | {row[1] for row in trees.new.values()}
    known |= {
        item.after.sha256
        for entry in sample.frame().journal().entries
        for item in sample.frame().manifest(entry).items
    }
    found = tree_facts(sample.house.target).items()
    return ", ".join(f"torn: {name}" for name, fact in found if fact.sha256 not in known)


def _differs(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    names = sorted(n for n in found.keys() | wanted.keys() if found.get(n) != wanted.get(n))
    return "; ".join(f"{name}: {found.get(name)} != {wanted.get(name)}" for name in names[:3])
