"""Seed one defect at a time and demand that the test which claims the property notices.

    python scripts/mutants.py                    every mutant of tests/mutants/*.toml
    python scripts/mutants.py ledger/ C19        those with one of the words in their name, the
                                                 file they damage or the one they stand in
    python scripts/mutants.py --jobs 2           several at a time

Each mutant is applied alone, in a copy of the tree; the work tree is never changed. First every
named test has to pass without one. What is not caught, or does not apply, fails the run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = Path("tests/mutants")
SECONDS = 180.0
TEST_SECONDS = 120
# Beside the code: what a test reads or starts, but never what only tools made.
_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv*", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis"),
    *("node_modules",),
)
_FIELDS = ("name", "file", "old", "new")
_VERDICTS = {0: "passed", 1: "failed"}
CAUGHT = "caught"


@dataclass(frozen=True)
class Mutant:
    """One seeded defect: `old` stands once in `file` and becomes `new`; `tests` notice it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    origin: str = ""  # the file of mutants


@dataclass(frozen=True)
class Run:
    """How a test run ended: `passed`, `failed`, `out of time` or `broken`, and what it printed."""

    verdict: str
    output: str


@dataclass(frozen=True)
class Finding:
    """What became of a mutant: `caught`, or what is wrong; `output` only where it is wrong."""

    mutant: Mutant
    verdict: str
    seconds: float
    output: str = ""


RunTests = Callable[[Path, Sequence[str], float], Run]


class MutantError(Exception):
    """A file of mutants that cannot be used, or a mutant that does not apply."""


def load(folder: Path) -> list[Mutant]:
    """Read every file of mutants; raise `MutantError` for an entry that is none."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise MutantError(f"{path.name}: {error}") from error
        found += [_mutant(path.name, entry) for entry in entries]
    return found


def _mutant(origin: str, entry: dict[str, Any]) -> Mutant:
    tests = entry.get("test")
    tests = [tests] if isinstance(tests, str) else tests
    good = all(isinstance(entry.get(field), str) for field in _FIELDS)
    if set(entry) != {*_FIELDS, "test"} or not good or not tests:
        raise MutantError(f"{origin}: {entry.get('name')!r} needs name, file, old, new and test")
    fields = {field: str(entry[field]) for field in _FIELDS}
    return Mutant(**fields, tests=tuple(tests), origin=origin)


def mutated(mutant: Mutant, tree: Path) -> str:
    """Return the file's text with the defect; raise `MutantError` when it does not apply."""
    path = tree / mutant.file
    if not path.is_file():
        raise MutantError(f"{mutant.file} does not exist")
    text = path.read_text(encoding="utf-8")
    times = text.count(mutant.old)
    if times != 1 or mutant.old == mutant.new:
        raise MutantError(f"its old text stands {times} times in {mutant.file}, or stays the same")
    return text.replace(mutant.old, mutant.new)


@contextmanager
def throw_away_copy(tree: Path = REPOSITORY) -> Iterator[Path]:
    """Yield a copy of the tree that tests can run in."""
    with tempfile.TemporaryDirectory(prefix="orch-mutant-") as name:
        copy = Path(name) / "tree"
        shutil.copytree(tree, copy, ignore=_LEFT_OUT)
        if (tree / "node_modules").is_dir():
            (copy / "node_modules").symlink_to((tree / "node_modules").resolve())
        yield copy


def run_tests(tree: Path, tests: Sequence[str], seconds: float) -> Run:
    """Run pytest in a tree until the first failure, for so many seconds at most."""
    # A defect may be that something never ends: then the test's own time limit fails it.
    options = ("-q", "-x", "-n", "0", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS}")
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output = process.communicate(timeout=seconds)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        return Run("out of time", "")
    finally:
        _end(process)
        if process.stdout:
            process.stdout.close()
    return Run(_VERDICTS.get(process.returncode, "broken"), output)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the run with every process that a test left behind in its session."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def judge(mutant: Mutant, tree: Path, run: RunTests = run_tests, limit: float = SECONDS) -> Finding:
    """Seed the defect in a tree that is thrown away, and tell what its tests say."""
    try:
        text = mutated(mutant, tree)
    except MutantError as error:
        return Finding(mutant, "does not apply", 0.0, str(error))
    (tree / mutant.file).write_bytes(text.encode())
    start = time.monotonic()
    told = run(tree, mutant.tests, limit)
    verdict = {"failed": CAUGHT, "passed": "survived"}.get(told.verdict, told.verdict)
    output = "" if verdict == CAUGHT else told.output
    return Finding(mutant, verdict, time.monotonic() - start, output)


def judge_all(mutants: Iterable[Mutant], jobs: int, limit: float) -> Iterator[Finding]:
    """Judge every mutant in a copy of its own, `jobs` at a time."""

    def one(mutant: Mutant) -> Finding:
        with throw_away_copy() as tree:
            return judge(mutant, tree, limit=limit)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(one, mutants)


def without_any(mutants: Sequence[Mutant], limit: float) -> Run:
    """Run every named test once on the tree as it is."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    with throw_away_copy() as tree:
        return run_tests(tree, tests, limit * len(tests))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line per mutant; return 1 when one is not caught, 2 when no mutant is meant."""
    parser = argparse.ArgumentParser(description="seed defects, one at a time")
    parser.add_argument("words", nargs="*", help="only those with one of these in name or files")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="at most, for each")
    args = parser.parse_args(arguments)
    mutants = [mutant for mutant in load(REPOSITORY / FOLDER) if is_meant(mutant, args.words)]
    if not mutants:
        print(f"no mutant has one of these words: {' '.join(args.words)}")
        return 2
    base = without_any(mutants, args.seconds)
    if base.verdict != "passed":
        print(f"{base.output}\nthe tests do not pass without a mutant: {base.verdict}")
        return 1
    wrong = 0
    for found in judge_all(mutants, args.jobs, args.seconds):
        wrong += found.verdict != CAUGHT
        print(f"{found.verdict:<15} {found.seconds:6.1f} s  {found.mutant.name}", flush=True)
        if found.output:
            print(found.output)
    print(f"{len(mutants) - wrong} of {len(mutants)} mutants caught")
    return int(wrong > 0)


def is_meant(mutant: Mutant, words: Sequence[str]) -> bool:
    """Tell whether one of the words stands in a mutant's name or files; no words mean all."""
    text = f"{mutant.name} {mutant.file} {mutant.origin}"
    return not words or any(word in text for word in words)


if __name__ == "__main__":
    sys.exit(main())
