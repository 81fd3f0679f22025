from __future__ import annotations

import io

from orch_next.migrate.progress import Bar, Meter


def test_a_bar_draws_seldom_and_always_the_end() -> None:
    stream, times = io.StringIO(), iter([0.0, 0.05, 0.2, 0.21])
    bar = Bar(stream, lambda: next(times))
    for done in (0, 10, 50, 100):
        bar("logs", done, 100)
    lines = stream.getvalue().split("\r")[1:]
    assert [line[33:] for line in lines] == ["  0 % logs", " 50 % logs", "100 % logs"]
    assert lines[1][:32] == "[" + "#" * 15 + "." * 15 + "]"


def test_a_bar_wipes_what_is_longer_and_clears_itself() -> None:
    stream = io.StringIO()
    bar = Bar(stream, lambda: 0.0)
    bar("a long name", 1, 1)
    bar("x", 0, 0)
    bar.clear()
    last = stream.getvalue().split("\r")
    assert (last[2].rstrip(), len(last[2]), last[3].strip(), last[4]) == (
        "[" + "#" * 30 + "] 100 % x",
        len(last[1]),
        "",
        "",
    )
    bar.clear()
    assert stream.getvalue().split("\r") == last


def test_a_meter_adds_up_and_never_exceeds_its_total() -> None:
    said: list[tuple[str, int, int]] = []
    meter = Meter(lambda *what: said.append(what), "logs", 10)
    for size in (4, 8):
        meter.add(size)
    meter.end()
    assert said == [("logs", 4, 10), ("logs", 12, 12), ("logs", 10, 10)]
