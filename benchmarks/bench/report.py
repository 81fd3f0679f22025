"""Render the table for a terminal and docs/performance.md with its plots."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.bench.plot import draw
from benchmarks.bench.table import Point, Row, amount

HEAD = ("what", "goal", "limit", "measured", "ratio", "met")
# Series, file, title of the plot, name of the yardstick.
CURVES = (
    ("list", "an answer of GET /api/tasks (8 connections)", "bare Flask, same bytes"),
    ("page", "an answer of the page /tasks (8 connections)", "bare Flask, same bytes"),
    ("edit", "a durable cell edit in the process", "bare write + fsync + rename + fsync"),
    ("request", "a durable cell edit over HTTP", "bare write + fsync + rename + fsync"),
    ("load", "loading a ledger with every value", "markdown-it-py"),
    ("command", "orch-next tasks list", "bare Python"),
    ("start", "from start to the first answer", "bare Flask on eventlet"),
)
PACKAGES = ("flask", "flask-socketio", "python-socketio", "eventlet", "orjson", "markdown-it-py")


def plain_table(rows: Sequence[Row]) -> str:
    """Return the table with columns of equal width."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
    return "\n".join(lines)


def markdown_row(cells: Sequence[str]) -> str:
    """Return one row of a Markdown table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def machine() -> str:
    """Return cores, memory, system, Python and packages, and nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release().split('-')[0]}, "
        f"{platform.python_implementation()} {platform.python_version()}, {packages}"
    )


def growth_row(points: Sequence[Point], sizes: Sequence[int]) -> list[str]:
    """Return ours / yardstick for every size."""
    by_rows = {one.rows: one for one in points}
    return [
        f"{amount(by_rows[size].value, 'ms')} ({by_rows[size].value / by_rows[size].yardstick:.2f})"
        if size in by_rows
        else "-"
        for size in sizes
    ]


def document(rows: Sequence[Row], points: Sequence[Point], machine: str, *, note: str = "") -> str:
    """Return the text of docs/performance.md."""
    sizes = sorted({one.rows for one in points})
    curves = [
        (name, title, yardstick, growth_row(found, sizes))
        for name, title, yardstick in CURVES
        if (found := [one for one in points if one.series == name])
    ]
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return pages.get_template("performance.md.j2").render(
        head=HEAD,
        rows=[markdown_row(row.cells()) for row in rows],
        row_count=len(rows),
        met=sum(row.met() == "yes" for row in rows),
        judged=sum(row.met() in ("yes", "no") for row in rows),
        not_run=sum(row.met() == "not run" for row in rows),
        **{"machine": machine, "note": note, "sizes": sizes, "curves": curves},
    )


def plots(points: Sequence[Point]) -> Mapping[str, str]:
    """Return the SVG of every curve by its file's name."""
    return {
        f"performance-{name}.svg": draw(title, ("ORCH-Next", yardstick), found)
        for name, title, yardstick in CURVES
        if len(found := [one for one in points if one.series == name]) > 1
    }


def write(folder: Path, text: str, images: Mapping[str, str]) -> None:
    """Write the page and its plots."""
    (folder / "performance.md").write_text(text, encoding="utf-8", newline="\n")
    (folder / "plots").mkdir(exist_ok=True)
    for name, image in images.items():
        (folder / "plots" / name).write_text(image, encoding="utf-8", newline="\n")
