"""The lines of `make bench`: what counts as met, what as not run, and the page that shows it."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.bench.__main__ import busy_warning, exit_status, last_error, run_bench
from benchmarks.bench.effort import Effort, fewer
from benchmarks.bench.load import content_length
from benchmarks.bench.plot import draw, scale_for
from benchmarks.bench.report import CURVES, document, plain_table, plots
from benchmarks.bench.table import (
    Found,
    Line,
    Point,
    Row,
    amount,
    chosen,
    from_json,
    load_lines,
    medians,
    quantile,
    rows_of,
    to_json,
)

RATE = Line("list", "reads", "`GET /a|b`, 23 rows", "bare Flask", "/s", "ratio", 0.8)
TIME = Line("edit", "edits", "セルの編集", "bare write", "ms", "ratio", 2.0)
WALL = Line("seen", "browser", "rows are seen", "three round trips", "ms", "value", 1200.0)
TOLD = Line("p50", "telling", "outside edit", "file event", "ms", "value")
LINES = [RATE, TIME, WALL, TOLD]
POINTS = [Point("edit", rows, rows / 100, rows / 200) for rows in (23, 1_000, 100_000)]


def met(line: Line, value: float, yardstick: float) -> str:
    return Row(line, Found(line.id, value, yardstick)).met()


def test_a_ratio_at_its_goal_is_met_and_one_beyond_is_not() -> None:
    assert [met(RATE, value, 1000) for value in (799, 800, 2000)] == ["no", "yes", "yes"]
    assert [met(TIME, value, 3) for value in (1, 6, 6.01)] == ["yes", "yes", "no"]


def test_a_value_is_judged_whatever_its_yardstick_took() -> None:
    assert [met(WALL, value, 1) for value in (1200, 1201)] == ["yes", "no"]
    faster = Line("claims", "claims", "claims", "writes", "/s", "value", 120.0)
    assert [met(faster, value, 9000) for value in (119, 120)] == ["no", "yes"]


def test_a_line_without_a_goal_is_reported_and_one_without_figures_was_not_run() -> None:
    assert met(TOLD, 65, 15) == "reported"
    assert Row(TOLD, reason="no Chromium").met() == "not run"
    assert Row(WALL, reason="no Chromium").cells()[-3:] == ("-", "-", "not run: no Chromium")


def test_strict_is_content_with_met_and_reported_lines_alone() -> None:
    good = [Row(RATE, Found("list", 9, 10)), Row(TOLD, Found("p50", 65, 15))]
    slow, lost = Row(TIME, Found("edit", 9, 1)), Row(WALL)
    assert exit_status(good, strict=True) == 0
    assert [exit_status([*good, one], strict=True) for one in (slow, lost)] == [1, 1]
    assert exit_status([slow, lost], strict=False) == 0


def test_medians_and_percentiles() -> None:
    assert medians("edit", [9, 1, 2], [1, 3, 100]) == Found("edit", 2, 3)
    assert [quantile(range(100), part) for part in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 99]


def test_figures_have_three_digits_and_their_unit() -> None:
    shown = [amount(value, unit) for value, unit in ((0.6114, "ms"), (4321.6, "/s"), (31.26, "ms"))]
    assert shown == ["0.611 ms", "4,322/s", "31.3 ms"]


def test_rows_join_figures_and_reasons() -> None:
    found = [Found("list", 9, 10)]
    assert rows_of([RATE, WALL], found, {"reads": "longer than its 9 s", "browser": "no"}) == [
        Row(RATE, found[0], "longer than its 9 s"),
        Row(WALL, None, "no"),
    ]


def test_lines_are_chosen_by_id_and_by_bench() -> None:
    assert chosen(LINES, []) == LINES
    assert chosen(LINES, ["browser", "list"]) == [RATE, WALL]
    with pytest.raises(ValueError, match="no such line: 行"):
        chosen(LINES, ["行"])


def test_every_line_has_a_bench_that_may_take_its_time() -> None:
    lines, timeouts = load_lines()
    assert {line.bench for line in lines} == set(timeouts)
    assert sum(timeouts.values()) < 15 * 60
    assert [name for name in timeouts if find_spec(f"benchmarks.bench.{name}") is None] == []
    assert len({line.id for line in lines}) == len(lines)
    assert {(line.unit, line.of) for line in lines} <= {
        (unit, of) for unit in ("ms", "/s") for of in ("ratio", "value")
    }


def test_what_a_bench_writes_is_read_back() -> None:
    for one in (Found("edit", 2.5, 1.0), POINTS[0]):
        assert from_json(to_json(one)) == one


def test_a_short_run_measures_less_and_large_ledgers_have_fewer_rounds() -> None:
    short, full = Effort(short=True), Effort()
    assert (short.rounds(160), full.rounds(160), short.rounds(8)) == (20, 160, 2)
    assert (short.sizes(), full.sizes()[-1]) == ((23, 1_000, 10_000), 100_000)
    assert [fewer(rows, 24) for rows in (23, 10_000, 100_000)] == [24, 12, 2]


def test_a_bench_that_fails_keeps_what_it_found_and_says_why() -> None:
    program = (
        "import pathlib, sys; path = pathlib.Path(sys.argv[1]);"
        """print('{"line": "edit", "value": 2, "yardstick": 1}', file=path.open('w'));"""
        "raise RuntimeError('ディスクが遅い')"
    )

    def command(out: Path) -> list[str]:
        return [sys.executable, "-X", "utf8", "-c", program, str(out)]

    found, reason = run_bench(60, command)
    assert found == [Found("edit", 2, 1)]
    assert reason == "exit status 1: RuntimeError: ディスクが遅い"


def test_a_bench_that_takes_too_long_is_ended() -> None:
    waiting = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    assert run_bench(0.2, lambda _: waiting) == ([], "longer than its 0.2 s")


def test_the_reason_is_the_line_that_names_an_error() -> None:
    said = "warning\nplaywright.Error: no rows\n    at next (eval)\n"
    assert (last_error(said), last_error("killed")) == (": playwright.Error: no rows", "")


def test_only_a_busy_machine_is_warned_of() -> None:
    assert busy_warning(0.4, 2) == ""
    assert busy_warning(3.0, 2).startswith("The machine was busy: load average 3.0 on 2 cores")


def test_an_answer_that_is_not_200_is_an_error() -> None:
    assert content_length(b"HTTP/1.1 200 OK\r\ncontent-Length: 12\r\nX-A: b:c") == 12
    with pytest.raises(RuntimeError, match="503"):
        content_length(b"HTTP/1.1 503 Busy\r\nContent-Length: 3")


def test_the_document_shows_every_line_and_what_was_not_run() -> None:
    rows = rows_of(
        LINES, [Found("list", 500, 1000), Found("edit", 3, 2)], {"browser": "no Chromium"}
    )
    text = document(rows, POINTS, "2 cores", note="A short run.")
    assert [line for line in text.splitlines() if line.startswith("| `GET") or "セル" in line] == [
        r"| `GET /a\|b`, 23 rows | ≥ 0.8 × | bare Flask: 1,000/s | 500/s | 0.50 | no |",
        "| セルの編集 | ≤ 2 × | bare write: 2 ms | 3 ms | 1.50 | yes |",
    ]
    assert "1 of 2 goals are met; 2 of 4 lines were not run.\n" in text
    assert "**A short run.**" in text and "Machine: 2 cores.\n" in text
    assert "| 0.23 ms (2.00) | 10 ms (2.00) | 1,000 ms (2.00) |" in text


def test_each_curve_of_the_document_has_its_plot() -> None:
    images = plots([Point(name, rows, 2.0, 1.0) for name, *_ in CURVES for rows in (23, 1_000)])
    text = document([], [Point(name, 23, 2.0, 1.0) for name, *_ in CURVES], "2 cores")
    assert [name for name in images if f"(plots/{name})" not in text] == []
    assert (len(images), plots([POINTS[0]])) == (len(CURVES), {})


def test_the_terminal_has_columns() -> None:
    first, second, *_ = plain_table([Row(TIME, Found("edit", 3, 2))]).splitlines()
    assert first.split() == ["what", "goal", "limit", "measured", "ratio", "met"]
    assert second.index("≤ 2 ×") == first.index("goal")


def test_axes_are_whole_powers_of_ten() -> None:
    scale = scale_for([23, 100_000], 0, 400)
    assert scale.ticks() == [
        (0, "10"),
        (100, "100"),
        (200, "1,000"),
        (300, "10,000"),
        (400, "100,000"),
    ]
    assert scale_for([2, 3], 100, 0).ticks() == [(100, "1"), (0, "10")]


def test_a_plot_has_its_units_and_two_colour_schemes() -> None:
    image = draw("編集 <p50>", ("ORCH-Next", "bare write"), POINTS)
    texts = [one.text for one in ET.fromstring(image).iter("{http://www.w3.org/2000/svg}text")]
    assert {"編集 <p50>", "rows in TASKS.md", "milliseconds", "ORCH-Next", "bare write"} <= set(
        texts
    )
    assert "prefers-color-scheme: dark" in image
    assert "ORCH-Next, 1,000 rows: 10 ms" in image
