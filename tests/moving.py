"""Test tool: random trees, steps that change them at random, and a child that dies on the way.

Run as a program it moves, or takes back, one random house and kills itself at a given point:
`python -m tests.moving FOLDER apply|rollback POINT` (POINT 0: it does not, and says "go").
"""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from orch_next.migrate.aim import aim
from orch_next.migrate.apply import apply
from orch_next.migrate.changes import Change, Put, Remove
from orch_next.migrate.commit import no_point
from orch_next.migrate.facts import Fact, tree_facts
from orch_next.migrate.findings import Finding
from orch_next.migrate.frame import Frame
from orch_next.migrate.house import House, Options
from orch_next.migrate.rollback import rollback
from orch_next.migrate.step import Phase, Work
from tests.sample import REPOSITORY

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
NAMES = ("a", "b.md", "ログ", "記録 2.txt", "dir", "x.y.z", "T-001", "空")
MODES = (0o600, 0o644, 0o755, 0o444, 0o640)
SAMPLE_FILE = "sample.pickle"
OLD_NS = 1_700_000_000_123_456_789


@dataclass(frozen=True)
class SampleStep:
    """A step that plans what it is told; `moves` are (old path, new path) in the source."""

    name: str = "sample"
    phase: Phase = 1
    changes: tuple[Change, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    wrong: tuple[Finding, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    title: str = "Sample"
    title_ja: str = "見本"

    def check(self, house: House) -> Sequence[Finding]:
        return [finding for finding in self.findings if finding.code.startswith("check")]

    def plan(self, house: House) -> Work:
        changes = list(self.changes)
        for old, new in self.moves:
            origin = house.source / old
            if origin.is_file() and not origin.is_symlink():
                changes.append(Put(PurePosixPath(new), origin=origin))
                changes += [Remove(PurePosixPath(old))] if house.same else []
        planned = (f for f in self.findings if not f.code.startswith("check"))
        return Work(tuple(changes), tuple(planned), self.counts, {"tabelle": {"ä": 1}})

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        return self.wrong


def quick_folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """Make a folder in memory where the system has that: a kill of a process needs no disk."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix=prefix, dir=memory if memory.is_dir() else None)


def put(path: str, content: bytes = b"new\n", **more: Any) -> Put:
    """Return a change that writes a small file."""
    return Put(PurePosixPath(path), content=content, **more)


def house_of(target: Path, source: Path | None = None, **more: Any) -> House:
    """Return a house over existing folders, by default one that stays where it is."""
    target = target.resolve()
    options = Options(**more)
    return House(source.resolve() if source else target, target, NOW, options)


def frame_of(house: House, *steps: SampleStep, **more: Any) -> Frame:
    """Return a frame over some steps."""
    return Frame(house, steps, **more)


def files(root: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, without the frame's own."""
    facts = tree_facts(root)
    return {name: (root / name).read_bytes() for name, f in facts.items() if f.kind == "file"}


def random_tree(rng: random.Random, root: Path, count: int = 12) -> Path:
    """Make files with odd modes and old times, links (also dangling) and empty folders."""
    root.mkdir(parents=True)
    for _ in range(count):
        path = root / _random_path(rng)
        if any(os.path.lexists(p) and not p.is_dir() for p in path.parents) or os.path.lexists(
            path
        ):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = rng.random()
        if kind < 0.1:
            path.mkdir()
        elif kind < 0.25:
            path.symlink_to(rng.choice(("a", "../a", "nowhere", "ログ")))
        else:
            path.write_bytes(rng.randbytes(rng.choice((0, 3, 2_000))))
            path.chmod(rng.choice(MODES))
            ns = OLD_NS + rng.randrange(10**9)
            os.utime(path, ns=(ns, ns))
    return root


def _random_path(rng: random.Random) -> str:
    return "/".join(rng.choice(NAMES) for _ in range(rng.randint(1, 3)))


def random_steps(rng: random.Random, house: House, count: int = 3) -> tuple[SampleStep, ...]:
    """Return steps that write, replace, build, move and remove; some land on each other."""
    old = [name for name, fact in tree_facts(house.source).items() if fact.kind == "file"]
    return tuple(_random_step(rng, house, old, number) for number in range(count))


def _random_step(rng: random.Random, house: House, old: Sequence[str], number: int) -> SampleStep:
    changes: dict[str, Change] = {}
    for _ in range(rng.randint(1, 6)):
        path = rng.choice((*old, _random_path(rng), f"new/{_random_path(rng)}"))
        data = rng.randbytes(rng.choice((0, 5, 3_000)))
        mode = rng.choice((None, *MODES))
        kind = rng.random()
        if kind < 0.4:
            changes[path] = Put(PurePosixPath(path), content=data, mode=mode)
        elif kind < 0.6:
            build = partial(_build, data)
            changes[path] = Put(PurePosixPath(path), build=build, mode=mode)
        elif kind < 0.8 and house.same:
            changes[path] = Remove(PurePosixPath(path))
    taken = [name for name in old if name not in changes and rng.random() < 0.3]
    moves = tuple((name, f"moved/{number}/{name}") for name in taken)
    return SampleStep(f"step{number}", 1, tuple(changes.values()), moves)


def _build(data: bytes, path: Path) -> None:
    path.write_bytes(data)


@dataclass(frozen=True)
class Sample:
    """One random house."""

    house: House
    steps: tuple[SampleStep, ...]

    def frame(self, **more: Any) -> Frame:
        return Frame(self.house, self.steps, **more)


def _possible(house: House, step: SampleStep) -> SampleStep:
    """Leave out changes that the frame refuses: links outwards, folders and files in the way."""
    good: list[Change] = []
    moves = tuple(
        (old, new) for old, new in step.moves if not aim(house.target, _put(new)).findings
    )
    for change in step.changes:
        if not aim(
            house.target, (*good, change, *(c for _, new in moves for c in _put(new)))
        ).findings:
            good.append(change)
    return replace(step, changes=tuple(good), moves=moves)


def _put(path: str) -> tuple[Change, ...]:
    return (put(path),)


def make_sample(folder: Path, seed: int) -> Sample:
    """Build a random house in an empty folder, and steps that fit it."""
    rng = random.Random(seed)
    source = random_tree(rng, folder / "source")
    target = source if rng.random() < 0.5 else random_tree(rng, folder / "target")
    house = house_of(target, source)
    steps = (_possible(house, step) for step in random_steps(rng, house))
    return Sample(house, tuple(steps))


def shown(facts: dict[str, Fact], before: dict[str, Fact]) -> dict[str, tuple[Any, ...]]:
    """Return what must be equal in two new trees: times only where the content is the old one."""
    return {
        name: (
            *(fact.kind, fact.sha256, fact.mode if fact.kind == "file" else 0, fact.link),
            fact.mtime_ns if _stayed(fact, before.get(name)) else 0,
        )
        for name, fact in facts.items()
    }


def _stayed(fact: Fact, old: Fact | None) -> bool:
    return old is not None and fact.is_same_content(old) and fact.mode == old.mode


def dying_at(number: int) -> Callable[[str], None]:
    """Return a `point` at whose n-th call the process dies at once."""
    calls = iter(range(1, number + 1))

    def point(name: str) -> None:
        if next(calls, 0) == number:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    return point


def start(folder: Path, sample: Sample, verb: str, point: int) -> subprocess.Popen[bytes]:
    """Start a child that moves a sample and dies at a point."""
    (folder / SAMPLE_FILE).write_bytes(pickle.dumps(sample))
    command = [sys.executable, "-m", "tests.moving", str(folder), verb, str(point)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE)


def main(folder: str, verb: str, point: str) -> None:
    """Move or take back; die on the way."""
    sample = pickle.loads((Path(folder) / SAMPLE_FILE).read_bytes())
    frame = sample.frame(point=dying_at(int(point)) if int(point) else no_point)
    sys.stdout.write("go\n")
    sys.stdout.flush()
    if verb == "apply":
        apply(frame, frame.steps)
    else:
        rollback(frame)


if __name__ == "__main__":
    main(*sys.argv[1:])
