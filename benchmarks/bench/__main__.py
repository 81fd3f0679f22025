"""Run the benchmarks, print the table and write docs/performance.md.

python -m benchmarks.bench [NAME ...] [--short] [--strict] [--list]

NAME is the id of a line or a bench (`--list` shows both); without one everything is run and the
document is written. Each bench is a process of its own, so that none spoils another.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

from benchmarks.bench import report
from benchmarks.bench.effort import Effort
from benchmarks.bench.table import (
    Found,
    Line,
    Point,
    Row,
    chosen,
    from_json,
    load_lines,
    rows_of,
    to_json,
)

PROJECT = Path(__file__).resolve().parents[2]
SHORT = "A short run: it shows that every line works; its figures are not evidence."


def measure_here(bench: str, effort: Effort, out: Path) -> None:
    """Run one bench in this process and write a line of JSON for all that it finds."""
    with out.open("w", encoding="utf-8", buffering=1) as file:
        for one in import_module(f"benchmarks.bench.{bench}").measure(effort):
            file.write(json.dumps(to_json(one)) + "\n")


def command_for(bench: str, effort: Effort, out: Path) -> list[str]:
    """Return the command line that runs one bench and writes what it finds."""
    words = [sys.executable, "-m", "benchmarks.bench", "--here", bench, "--out", str(out)]
    return [*words, *(["--short"] if effort.short else [])]


def run_bench(
    timeout: float, command: Callable[[Path], Sequence[str]]
) -> tuple[list[Found | Point], str]:
    """Run one bench in a process; return what it found, and why not everything was."""
    with tempfile.TemporaryDirectory() as folder:
        out, said = Path(folder) / "found", Path(folder) / "said"
        words = command(out)
        with said.open("wb") as errors:
            child = subprocess.Popen(words, cwd=PROJECT, stderr=errors, start_new_session=True)
            reason = wait_for(child, timeout)
        text = out.read_text(encoding="utf-8") if out.exists() else ""
        if reason:
            reason += last_error(said.read_text(encoding="utf-8", errors="replace"))
    return [from_json(json.loads(one)) for one in text.splitlines()], reason


def last_error(text: str) -> str:
    """Return the last line of a program's errors that names one."""
    lines = re.findall(r"^[\w.]+(?:Error|Exit|Exception|Interrupt)\b.*", text, re.MULTILINE)
    return f": {lines[-1][:200]}" if lines else ""


def wait_for(child: subprocess.Popen[bytes], timeout: float) -> str:
    """Wait for a bench; end it and all that it started when it takes too long."""
    try:
        status = child.wait(timeout)
    except subprocess.TimeoutExpired:
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return f"longer than its {timeout:g} s"
    return f"exit status {status}" if status else ""


def busy_warning(load: float, cores: int) -> str:
    """Return a warning when others work on this machine, too."""
    if load < cores / 2:
        return ""
    return f"The machine was busy: load average {load:.1f} on {cores} cores before the run."


def run_lines(
    lines: Sequence[Line], timeouts: dict[str, float], effort: Effort
) -> tuple[list[Row], list[Point]]:
    """Run the benches of these lines one after another; print each as it comes."""
    found: list[Found | Point] = []
    reasons: dict[str, str] = {}
    for bench in dict.fromkeys(line.bench for line in lines):
        began = time.monotonic()
        more, reasons[bench] = run_bench(timeouts[bench], partial(command_for, bench, effort))
        found += more
        took = f"{time.monotonic() - began:.0f} of at most {timeouts[bench]:.0f} s"
        print(f"{bench}: {took} {reasons[bench]}".rstrip(), flush=True)
    rows = rows_of(lines, [one for one in found if isinstance(one, Found)], reasons)
    return rows, [one for one in found if isinstance(one, Point)]


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--short", action="store_true", help="a part of the time")
    parser.add_argument("--strict", action="store_true", help="1 when a goal is not met or run")
    parser.add_argument("--list", action="store_true", help="show the lines and end")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Run what is asked for; return the exit status."""
    given, (every, timeouts) = options(), load_lines()
    effort = Effort(short=given.short)
    if given.here:
        measure_here(given.here, effort, given.out)
        return 0
    try:
        lines = chosen(every, given.names)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if given.list:
        print("\n".join(f"{line.bench:10} {line.id:18} {line.what}" for line in lines))
        return 0
    warning = busy_warning(os.getloadavg()[0], os.cpu_count() or 1)
    if warning:
        print(warning, file=sys.stderr)
    rows, points = run_lines(lines, timeouts, effort)
    print(report.plain_table(rows))
    if not given.names:
        note = " ".join(filter(None, (SHORT if given.short else "", warning)))
        text = report.document(rows, points, report.machine(), note=note)
        report.write(PROJECT / "docs", text, report.plots(points))
    return exit_status(rows, strict=given.strict)


def exit_status(rows: Sequence[Row], *, strict: bool) -> int:
    """Return 1 when it is to be strict and a goal is not met, or was not run."""
    return int(strict and any(row.met() in ("no", "not run") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
