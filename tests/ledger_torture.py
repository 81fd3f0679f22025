"""Hurt ledger files: writers that are killed, writers that race, editors that ignore locks.

The tests run these small, `benchmarks/torture.py` runs them large.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from orch_next.errors import BusyError, DamagedError, LedgerError, NotFoundError
from orch_next.ledger.document import CellChange, SetCell
from orch_next.ledger.file import Lock
from orch_next.ledger.parser import parse
from orch_next.ledger.scan import cut_values
from orch_next.ledger.swap import Job, Outcome, Swap, compare_and_replace, swap
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import locked, portable_lock
from tests.ledger_plain import PlainLedger, Plan, Tables

PORTABLE_LOCK: Lock = partial(locked, acquire=portable_lock)
HEAD = "# 台帳\n\n<!-- 保存 0 -->\n\n| id | 題名 | 値 |\n|---|---|---|\n"


def ledger_text(size: int) -> str:
    """Return a ledger of about `size` bytes; the first rows belong to the writers."""
    note = "監査の記録とメモ " * 4
    row = f"| 00000 | {note}C:\\\\Users\\\\moc\\\\証跡.md | 0 |\n"
    count = max(10, size // len(row.encode()))
    return HEAD + "".join(row.replace("00000", f"{n:05}") for n in range(count))


def set_value(row: int, value: str) -> Plan:
    return lambda document: [SetCell(document.tables[0].rows[row], 2, value)]


def count_up(row: int) -> Plan:
    def plan(document: Tables) -> list[CellChange]:
        cells = document.tables[0].rows[row]
        return [SetCell(cells, 2, str(int(cells.values[2]) + 1))]

    return plan


@contextlib.contextmanager
def forked(work: Callable[[], None]) -> Iterator[int]:
    """Run `work` in a child process; it is killed at the end if it still runs."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - nothing behind it in the child
            traceback.print_exc()
        finally:
            os._exit(status)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


# --- kill -9 ---------------------------------------------------------------------------


@dataclass
class KillReport:
    trials: int = 0
    acknowledged: int = 0
    torn: int = 0
    lost: int = 0
    left_over: int = 0

    @property
    def faults(self) -> tuple[int, int, int]:
        return self.torn, self.lost, self.left_over


def write_in_place(job: Job) -> Outcome:
    """Overwrite the file itself, as the legacy did (D09): the mutant of the kill trials."""
    job.temp.unlink()
    with job.target.open("wb", buffering=0) as file:
        for start in range(0, len(job.after), 512):
            file.write(job.after[start : start + 512])
            time.sleep(0.0003)  # as a slow disk does
    return Outcome(True)


def kill_trials(
    folder: Path, size: int, trials: int, rnd: Random, swap: Swap = swap, lock: Lock = locked
) -> KillReport:
    """Kill two writers at a random moment, again and again, and look at what is left."""
    path, report = folder / "TASKS.md", KillReport()
    text = ledger_text(size)
    path.write_text(text, encoding="utf-8", newline="")
    longest = _one_write(PlainLedger(path, swap=swap, lock=lock)) * 3
    for _ in range(trials):
        told = _killed_writers(path, rnd.uniform(0, longest), swap, lock)
        _judge(path, text, told, report)
    return report


def _one_write(ledger: PlainLedger) -> float:
    start = time.perf_counter()
    ledger.write(set_value(2, "1"))
    return time.perf_counter() - start


def _killed_writers(path: Path, seconds: float, swap: Swap, lock: Lock) -> list[list[int]]:
    """Let two writers count up in their rows; return what each was told to be written."""
    pipes = [os.pipe() for _ in range(2)]
    with contextlib.ExitStack() as stack:
        for row, (_, told) in enumerate(pipes):
            ledger = PlainLedger(path, swap=swap, lock=lock)
            stack.enter_context(forked(partial(_count_forever, ledger, row, told)))
        for end, _ in pipes:
            os.read(end, 1)
        time.sleep(seconds)
    return [[int(word) for word in _all_told(end, told)] for end, told in pipes]


def _count_forever(ledger: PlainLedger, row: int, told: int) -> None:
    os.write(told, b" ")
    # What a mutant has torn stops its writers; the judge counts it.
    with contextlib.suppress(DamagedError, IndexError, ValueError):
        while True:
            written = ledger.write(count_up(row))
            value = cut_values(written.after.raw)[2]
            os.write(told, f" {value}".encode())


def _judge(path: Path, text: str, told: list[list[int]], report: KillReport) -> None:
    report.trials += 1
    left = path.read_text(encoding="utf-8", errors="replace")
    if _without_values(left) != _without_values(text):
        report.torn += 1
        path.write_text(text, encoding="utf-8", newline="")
        return
    rows = parse(left).tables[0].rows
    for row, values in enumerate(told):
        report.acknowledged += len(values)
        # One more may be in place whose answer was not sent any more.
        last = values[-1] if values else 0
        report.lost += bool(values) and not last <= int(rows[row].values[2]) <= last + 1
    PlainLedger(path, lock_timeout=1.0).write(set_value(2, str(report.trials)))
    report.left_over += len(list(path.parent.glob(".*.tmp")))


def _without_values(text: str) -> list[str]:
    lines = text.split("\n")
    # The writers' rows are the first three.
    return [line.rsplit("|", 2)[0] for line in lines[:9]] + lines[9:]


# --- writers that race -----------------------------------------------------------------


@dataclass
class RaceReport:
    """What was acknowledged, with the seconds that each write took, and what is there."""

    waits: list[float]
    found: int

    @property
    def lost(self) -> int:
        return len(self.waits) - self.found

    def wait(self, share: float) -> float:
        return sorted(self.waits)[int(len(self.waits) * share)]


@contextlib.contextmanager
def lock_data_file(path: Path, _timeout: float) -> Iterator[None]:
    """Lock the ledger itself, which every write replaces: the mutant of the races."""
    fd = os.open(path.with_name(path.name[1:].removesuffix(".lock")), os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def replace_blindly(job: Job) -> Outcome:
    """Replace without looking, so that only the lock protects the file."""
    job.temp.replace(job.target)
    return Outcome(True)


def race(
    folder: Path, processes: int, updates: int, swap: Swap = swap, lock: Lock = locked
) -> RaceReport:
    """Count up from many processes: one shared row, own rows, and a row of another file."""
    paths = [folder / "TASKS.md", folder / "APPROVALS.md"]
    for path in paths:
        path.write_text(ledger_text(2_000), encoding="utf-8", newline="")
    pipes = [os.pipe() for _ in range(processes)]
    with contextlib.ExitStack() as stack:
        for number, (_, told) in enumerate(pipes):
            ledgers = [PlainLedger(path, lock_timeout=30, swap=swap, lock=lock) for path in paths]
            work = partial(_race_along, ledgers, number, updates, told)
            stack.enter_context(forked(work))
        waits = [float(word) for end, told in pipes for word in _all_told(end, told)]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    found = sum(int(row.values[2]) for text in texts for row in parse(text).tables[0].rows)
    return RaceReport(waits, found)


def _race_along(ledgers: list[PlainLedger], number: int, updates: int, told: int) -> None:
    goals = [(ledgers[0], 0), (ledgers[0], number + 1), (ledgers[1], 0)]
    waits = []
    for turn in range(updates):
        ledger, row = goals[turn % len(goals)]
        start = time.perf_counter()
        # What was refused was not lost; a mutant's writers trip over each other.
        with contextlib.suppress(LedgerError, BusyError, NotFoundError):
            ledger.write(count_up(row))
            waits.append(time.perf_counter() - start)
    os.write(told, " ".join(f"{wait:.5f}" for wait in waits).encode())


def _all_told(end: int, told: int) -> list[bytes]:
    os.close(told)
    with os.fdopen(end, "rb") as pipe:
        return pipe.read().split()


# --- editors that ignore our lock ------------------------------------------------------


class _BusyDisk(Disk):
    def replace(self, source: Path, target: Path) -> None:
        time.sleep(0.001)
        super().replace(source, target)


def compare_then_replace(job: Job) -> Outcome:
    """Compare and, on a busy machine a moment later, replace: the mutant of the editors."""
    return compare_and_replace(dataclasses.replace(job, disk=_BusyDisk()))


@dataclass
class EditorReport:
    saves: int = 0
    destroyed: int = 0
    conflict_copies: int = 0
    writes: int = 0


def edit_against_writer(
    folder: Path, saves: int, rnd: Random, swap: Swap = swap, lock: Lock = locked
) -> EditorReport:
    """Save from an editor, by rename and by truncation, while a writer writes flat out.

    A save counts as destroyed when, after two more writes, neither the file nor a
    conflict copy has it.
    """
    path, report = folder / "TASKS.md", EditorReport()
    path.write_text(ledger_text(2_000), encoding="utf-8", newline="")
    end, told = os.pipe()
    with forked(partial(_write_flat_out, path, swap, lock, told)):
        os.set_blocking(end, False)
        for number in range(1, saves + 1):
            _save(path, number, rnd)
            report.saves += 1
            report.writes += _wait_for_writes(end, 3)
            report.destroyed += not _is_kept(path, number)
    os.close(told)
    os.close(end)
    report.conflict_copies = len(list(folder.glob("*.conflict-*")))
    return report


def _write_flat_out(path: Path, swap: Swap, lock: Lock, told: int) -> None:
    ledger, number = PlainLedger(path, swap=swap, lock=lock), 0
    while True:
        number += 1
        try:
            ledger.write(set_value(1, str(number)))
        except Exception:  # noqa: BLE001 - busy, damaged: the next one may do
            continue
        os.write(told, b".")


def _wait_for_writes(end: int, count: int) -> int:
    """Wait until that many writes were told of since now, at most 3 s."""
    deadline, seen = time.monotonic() + 3, 0
    with contextlib.suppress(BlockingIOError):
        os.read(end, 1 << 16)
    while seen < count and time.monotonic() < deadline:
        try:
            seen += len(os.read(end, 1 << 16))
        except BlockingIOError:
            time.sleep(0.0005)
    return seen


def _save(path: Path, number: int, rnd: Random) -> None:
    text = path.read_text(encoding="utf-8")
    start, rest = text.split("<!-- 保存 ", 1)
    data = f"{start}<!-- 保存 {number} {rest.split(' ', 1)[1]}".encode()
    time.sleep(rnd.uniform(0, 0.004))
    if rnd.random() < 0.5:
        draft = path.with_name(f"editor-{number}")
        draft.write_bytes(data)
        draft.replace(path)
        return
    with path.open("wb", buffering=0) as file:
        file.write(data[: len(data) // 2])
        time.sleep(rnd.uniform(0, 0.001))
        file.write(data[len(data) // 2 :])


def _is_kept(path: Path, number: int) -> bool:
    mark = f"<!-- 保存 {number} ".encode()
    return any(mark in file.read_bytes() for file in path.parent.glob("TASKS.md*"))
