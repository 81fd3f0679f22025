"""The shadow run: what differs, what is meant to, which server is slower, and what is dead."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from statistics import median
from typing import Any

import pytest

from orch_next.cli import main
from orch_next.cli.shadow import as_json
from orch_next.errors import InputError, MigrationError
from orch_next.migrate.house import silent
from orch_next.migrate.shadow.compare import Difference, compare, walk
from orch_next.migrate.shadow.defects import MEANT, defect_of
from orch_next.migrate.shadow.fetch import Answer, Server
from orch_next.migrate.shadow.routes import ROUTES, Route, fill
from orch_next.migrate.shadow.run import ShadowReport, shadow
from orch_next.migrate.shadow.timing import Ratio, Round, evaluate, overall, p95, ratio_of
from tests.moc_legacy import Alter, legacy
from tests.sample import CONTRACT
from tests.servers import running_server

PAGE, JSON, LIVE = Route("/", "page"), Route("/api/tasks"), Route("/status", live=True)
SOME = tuple(
    one
    for one in ROUTES
    if one.path
    in {
        *("/", "/console", "/api/tasks", "/jobs", "/jobs/{}", "/status", "/api/ml/status"),
        *("/metrics", "/no-such-url", "/socket.io/?EIO=4&transport=polling"),
    }
)


def answer(value: Any, status: int = 200, mime: str = "application/json") -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(status, mime, body, 0.001)


def differences(route: Route, old: Any, new: Any) -> list[tuple[str, str]]:
    return [(one.what, one.where) for one in compare(route, answer(old), answer(new))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1.0, "b": 2}, [("extra", "b")]),
        ({"a": 1}, {"a": "1"}, [("type", "a")]),
        ({"a": True}, {"a": 1}, [("type", "a")]),
        ({"a": None}, {"a": 1}, [("type", "a")]),
        ({"a": {"b": "一"}}, {"a": {"b": "二"}}, [("value", "a.b")]),
        ({"a": {"b": 1}}, {"a": {}}, [("missing", "a.b")]),
        ({"timestamp": "x", "cpu_percent": 1}, {"timestamp": "y", "cpu_percent": 2.5}, []),
        ({"timestamp": "x"}, {"timestamp": 1}, [("type", "timestamp")]),
        ([{"id": "1"}, {"id": "2"}], [{"id": "2"}, {"id": "1"}], []),
        ([{"id": "1"}], [{"id": "1"}, {"id": "2"}], [("length", "[2]")]),
        ([{"id": "1"}, {"id": "2"}], [{"id": "2"}], [("missing", "[1]")]),
        ([{"id": "1"}, {"id": "1"}], [{"id": "1"}], [("missing", "[1']")]),
        ([1, 2], [1, 3], [("value", "[1]")]),
        ([], [1], [("length", "")]),
    ],
)
def test_json_is_compared_to_the_last_value(old: Any, new: Any, expected: Any) -> None:
    assert differences(JSON, old, new) == expected


def test_live_answers_are_compared_by_type() -> None:
    assert list(walk({"n": 1, "l": [1], "o": None}, {"n": 2, "l": [], "o": 3}, "", live=True)) == []
    assert differences(LIVE, {"n": 1, "m": 1}, {"n": "1"}) == [("type", "n"), ("missing", "m")]


@pytest.mark.parametrize(
    ("route", "old", "new", "expected"),
    [
        (JSON, answer({}, 404), answer({}), [("status", "")]),
        (JSON, answer({}), answer({}, mime="text/html"), [("type", "")]),
        (JSON, answer({}), answer(b"oops"), [("body", "")]),
        (JSON, answer(b"oops"), answer(b"oops"), []),
        (PAGE, answer(b"<title>A\n</title>x"), answer(b"y<TITLE>A</TITLE>"), []),
        (
            PAGE,
            answer(b"<title>A</title>"),
            answer("<title>あ</title>".encode()),
            [("title", "<title>")],
        ),
        (Route("/m", "text"), answer(b"# x\na 1\nb{c} 2"), answer(b"a 9\n"), [("missing", "b")]),
        (Route("/e", "stream"), answer(b"data: 1\n"), answer(b""), [("body", "")]),
        (Route("/s", "socket"), answer(b'0{"sid":"a","p":1}'), answer(b'0{"sid":"b","p":1}'), []),
        (
            Route("/s", "socket"),
            answer(b'0{"sid":"a","p":1}'),
            answer(b'0{"sid":"a","p":2}'),
            [("body", "handshake")],
        ),
        (
            PAGE,
            Answer(302, "", b"", 0, "/a"),
            Answer(302, "", b"", 0, "/b"),
            [("value", "Location")],
        ),
    ],
)
def test_each_kind_of_answer_has_its_rule(
    route: Route, old: Answer, new: Answer, expected: list[tuple[str, str]]
) -> None:
    assert [(one.what, one.where) for one in compare(route, old, new)] == expected


@pytest.mark.parametrize(
    ("path", "found", "defect"),
    [
        ("/api/tasks", Difference("missing", "tasks[--------]", "{}", ""), "D02"),
        ("/api/tasks", Difference("missing", "tasks[001]", "{}", ""), ""),
        ("/api/overview", Difference("value", "tasks.total", "24", "23"), "D02"),
        ("/api/overview", Difference("value", "tasks.total", "24", "22"), ""),
        ("/api/tasks", Difference("length", "tasks", "no rows", "23"), "D04"),
        ("/api/tasks", Difference("length", "tasks[024]", "", "{}"), ""),
        ("/api/tasks", Difference("value", "tasks[001].title", "A \\", "A | B"), "D07"),
        ("/api/tasks", Difference("value", "tasks[001].title", "A", "B"), ""),
        ("/api/ml/status", Difference("status", "", "503", "200"), "D27"),
        ("/api/ml/status", Difference("status", "", "200", "503"), ""),
        ("/console", Difference("status", "", "404", "200"), "D33"),
        ("/no-such-url", Difference("status", "", "500", "404"), "D38"),
        ("/jobs?x=1", Difference("status", "", "404", "200"), "D41"),
        ("/jobs", Difference("status", "", "404", "500"), ""),
        ("/jobs", Difference("status", "", "200", "404"), ""),
        ("/status", Difference("missing", "dispatcher", "{}", ""), ""),
    ],
)
def test_a_cured_defect_has_its_number(path: str, found: Difference, defect: str) -> None:
    assert defect_of(path, found) == defect


@pytest.mark.parametrize(
    ("path", "found", "status", "defect"),
    [
        ("/jobs/no-such-id", Difference("status", "", "500", "404"), 0, "D38"),
        ("/jobs/no-such-id/events", Difference("status", "", "200", "404"), 0, "D10"),
        ("/api/git/commit/no-such-id", Difference("status", "", "200", "404"), 0, "D31"),
        ("/jobs/001", Difference("status", "", "200", "404"), 0, ""),
        ("/jobs/no-such-id", Difference("status", "", "404", "200"), 0, "D41"),
        ("/no-such-url", Difference("type", "", "text/html", "application/json"), 404, "D38"),
        ("/jobs/no-such-id", Difference("missing", "detail", "x", ""), 404, "D38"),
        ("/jobs/no-such-id", Difference("missing", "detail", "x", ""), 200, ""),
        ("/jobs/001", Difference("missing", "detail", "x", ""), 404, ""),
    ],
)
def test_what_is_not_there_has_its_own_status(
    path: str, found: Difference, status: int, defect: str
) -> None:
    assert defect_of(path, found, status) == defect


def test_routes_and_defects_are_the_contracts() -> None:
    contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
    wanted = {one["path"] for one in contract["routes"] if one["method"] == "GET"}
    asked = {one.path for one in ROUTES}
    plain = {path for path in wanted if "<" not in path}
    assert plain - asked - {"/api/system_health", "/api/debug/routes"} == set()
    assert {one.defect for one in MEANT} <= {one["id"] for one in contract["defects"]}


def test_ids_are_quoted_into_paths() -> None:
    assert [one.path for one in fill(Route("/jobs/{}", ids="task"), ["001", "作業/2"])] == [
        "/jobs/001",
        "/jobs/%E4%BD%9C%E6%A5%AD%2F2",
    ]


def rounds(ratio: float, count: int = 40, base: float = 0.010) -> list[Round]:
    noise = [1 + 0.01 * (number % 5) for number in range(count)]
    return [(base * n, base * n * ratio, base * n * ratio, base * n) for n in noise]


@pytest.mark.parametrize(("ratio", "speed"), [(0.5, "ok"), (1.0, "ok"), (1.2, "slower")])
def test_the_ratio_has_an_interval(ratio: float, speed: str) -> None:
    found = ratio_of(rounds(ratio), p95)
    assert found.low <= found.value <= found.high
    assert (round(found.value, 3), found.speed) == (ratio, speed)
    assert ratio_of(rounds(ratio), p95) == found


def test_a_wide_interval_is_unsure() -> None:
    mixed = [*rounds(0.5, 10), *rounds(2.0, 10)]
    assert ratio_of(mixed, median).speed == "unsure"


def test_a_drift_hits_both_servers_alike() -> None:
    drifting = [(t, t + 0.001, t + 0.002, t + 0.003) for t in (0.01 * n for n in range(1, 41))]
    assert abs(evaluate("/", drifting).p50.value - 1) < 0.02


@pytest.mark.parametrize(
    ("ratio", "base", "slower"), [(1.5, 0.010, True), (1.5, 0.001, False), (1.04, 0.1, False)]
)
def test_a_route_is_slower_by_more_than_5_percent_and_a_millisecond(
    ratio: float, base: float, slower: bool
) -> None:
    assert evaluate("/", rounds(ratio, base=base)).is_slower is slower


def test_all_routes_together_are_a_geometric_mean() -> None:
    found = overall([rounds(0.5), rounds(2.0)])
    assert (round(found.value, 6), round(found.low, 6), found.speed) == (1.0, 1.0, "ok")


@pytest.mark.parametrize("values", [[1.0], list(range(1, 21)), list(range(1, 101))])
def test_p95_is_the_nearest_rank(values: list[float]) -> None:
    assert p95(values) == {1: 1.0, 20: 19, 100: 95}[len(values)]


@pytest.mark.parametrize(
    "url", ["ftp://x", "127.0.0.1:5000", "http://", "http://a:b@c", "http://x:9x", "http://x/?q"]
)
def test_an_odd_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="legacy must be like"):
        Server("legacy", url)


def test_loopback_is_recognised() -> None:
    urls = ("http://localhost:1", "http://[::1]:1", "http://127.9.9.9", "http://10.0.0.1")
    assert [Server("x", url).is_loopback for url in urls] == [True, True, True, False]


def test_a_dead_server_is_an_error_and_exit_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(MigrationError, match=rf"legacy {url}/api/tasks does not answer"):
            Server("legacy", url).get("/api/tasks")
        assert main(["migrate", "shadow", "--legacy", url, "--next", url], {}) == 1
    assert "does not answer" in capsys.readouterr().err


def test_a_silent_server_runs_into_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent_one:
        url = f"http://127.0.0.1:{silent_one.getsockname()[1]}"
        with pytest.raises(MigrationError, match="does not answer: timed out"):
            Server("next", url, timeout=0.2).get("/")


@pytest.fixture(scope="module")
def next_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("next")) as server:
        yield server.url


def compared(
    next_url: str, altered: dict[str, Alter | tuple[int, bytes]], n: int = 0, routes: Any = SOME
) -> ShadowReport:
    with legacy(next_url, altered) as url:
        old, new = Server("legacy", url), Server("next", next_url)
        report = shadow(old, new, rounds=n, say=silent, routes=routes)
        old.close()
        new.close()
    return report


def test_a_server_is_ready_to_replace_itself(next_url: str) -> None:
    report = compared(next_url, {}, routes=(*SOME, Route("/events", "stream")))
    assert (report.reasons, report.is_ready) == ((), True)
    assert [one.path for one in report.compared if not one.is_same] == []
    asked = {one.path for one in report.compared}
    assert asked > {"/jobs/001", "/jobs/no-such-id", "/events", "/api/tasks"}


def test_altered_answers_are_found(next_url: str) -> None:
    def hold(whole: Any) -> Any:
        return {**whole, "tasks": [{**one, "status": "HOLD"} for one in whole["tasks"]][:2]}

    report = compared(
        next_url,
        {"/api/tasks": hold, "/console": (404, b"{}")},
    )
    found = {one.path: one for one in report.compared if not one.is_same}
    assert sorted(found) == ["/api/tasks", "/console"]
    faults = [(one.what, one.where, one.old, one.new[:4]) for one in found["/api/tasks"].faults]
    assert faults[:2] == [
        ("value", "tasks[001].status", "HOLD", "DONE"),
        ("value", "tasks[002].status", "HOLD", "DONE"),
    ]
    assert {what for what, *_rest in faults[2:]} == {"length"}
    assert [defect for defect, _one in found["/console"].improved] == ["D33"]
    assert not report.is_ready
    shown = as_json(report)
    assert (shown["ready"], len(shown["reasons"])) == (False, len(faults))


def test_times_are_measured_for_what_both_answer(next_url: str) -> None:
    report = compared(next_url, {"/status": (500, b"{}")}, n=3)
    paths = [one.path for one in report.times]
    assert ("/api/tasks" in paths, "/status" in paths, "/metrics" in paths) == (True, False, False)
    assert all(one.rounds == 3 and one.old_p50 > 0 < one.new_p50 for one in report.times)
    assert isinstance(report.total, Ratio)


def test_impossible_rounds_are_refused(next_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    args = ["migrate", "shadow", "--legacy", next_url, "--next", next_url, "--rounds", "-1"]
    assert main(args, {}) == 1
    assert "--rounds must be between" in capfd.readouterr().err


def test_a_real_legacy_can_be_replaced(next_url: str) -> None:
    report = compared(
        next_url,
        {
            "/no-such-url": (404, b"<h1>Not Found</h1>"),
            "/jobs/no-such-id": (500, b'{"error": "internal_error"}'),
            "/api/git/commit/no-such-id": (200, b'{"success": false}'),
            "/jobs/no-such-id/events": (200, b"event: error\n\n"),
        },
        routes=tuple(
            one
            for one in ROUTES
            if one.path in ("/no-such-url", "/jobs/{}", "/api/git/commit/{}", "/jobs/{}/events")
        ),
    )
    assert (report.reasons, report.is_ready) == ((), True)
    defects = {one.path: {name for name, _ in one.improved} for one in report.compared}
    assert defects["/no-such-url"] | defects["/jobs/no-such-id"] == {"D38"}


def test_a_silent_route_is_told_and_the_rest_is_compared(next_url: str) -> None:
    held = threading.Event()

    def hang(_whole: Any) -> Any:
        held.wait(20)
        return {}

    with legacy(next_url, {"/status": hang}) as url:
        silent_old, silent_new = (Server(name, url, timeout=1.0) for name in ("legacy", "next"))
        old, new = Server("legacy", next_url), Server("next", next_url)
        report = shadow(silent_old, new, rounds=1, say=silent, routes=SOME)
        turned = shadow(old, silent_new, rounds=0, say=silent, routes=SOME[:8])
        held.set()
        for server in (silent_old, silent_new, old, new):
            server.close()
    found = {one.path: one for one in report.compared}
    assert (found["/status"].silent != "", "/status" in report.uncompared[0]) == (True, True)
    assert (len(report.uncompared), found["/metrics"].is_same) == (1, True)
    # /api/ml/status may be slower on a busy machine; that is another route.
    assert not any(re.search(r"(^|\d)/status\b", reason) for reason in report.reasons)
    assert [reason for reason in turned.reasons if "/status: not compared: next" in reason]
