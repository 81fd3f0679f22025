"""The shadow run: ask, compare, time, and say ready or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from orch_next.errors import MigrationError
from orch_next.migrate.shadow.compare import Difference, compare
from orch_next.migrate.shadow.defects import defect_of
from orch_next.migrate.shadow.fetch import Answer, Server, SilentError
from orch_next.migrate.shadow.routes import ROUTES, Route, fill
from orch_next.migrate.shadow.timing import Ratio, Round, Times, evaluate, measure, overall

MOST_IDS = 3
MOST_SILENT = 3
_LISTS = {"task": ("/api/tasks", "tasks", "id"), "commit": ("/api/git/graph", "commits", "hash")}
_SLOW_SECONDS = 0.5
_SLOW_ROUNDS = 5


@dataclass(frozen=True)
class Compared:
    """One question: faults, meant differences with their defects, and keys that were added."""

    path: str
    old_status: int
    new_status: int
    faults: tuple[Difference, ...] = ()
    improved: tuple[tuple[str, Difference], ...] = ()
    added: int = 0
    silent: str = ""  # why there was nothing to compare
    is_ours: bool = False  # the new server is the silent one

    @property
    def is_same(self) -> bool:
        """Tell whether nothing differs but what was added."""
        return not (self.faults or self.improved or self.silent)


@dataclass(frozen=True)
class ShadowReport:
    """Everything a run found; it is ready when nothing speaks against it."""

    old: str
    new: str
    compared: tuple[Compared, ...]
    times: tuple[Times, ...]
    total: Ratio | None = None
    untimed: tuple[str, ...] = ()

    @property
    def uncompared(self) -> tuple[str, ...]:
        """Return what the old server did not answer: told, and no fault of the new one."""
        return tuple(one.silent for one in self.compared if one.silent and not one.is_ours)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return what speaks against the change of servers, empty for nothing."""
        differ = [f"{one.path}: {_told(fault)}" for one in self.compared for fault in one.faults]
        silent = [one.silent for one in self.compared if one.silent and one.is_ours]
        slower = [_slower(one) for one in self.times if one.is_slower]
        return (*differ, *silent, *self.untimed, *slower, *_altogether(self.total))

    @property
    def is_ready(self) -> bool:
        """Tell whether every answer fits and the new server is at most 5 % slower."""
        return not self.reasons


def _told(fault: Difference) -> str:
    place = f" {fault.where}" if fault.where else ""
    return f"{fault.what}{place}: {fault.old or '-'} -> {fault.new or '-'}"


def _slower(one: Times) -> str:
    figures = f"{one.old_p50:.1f} -> {one.new_p50:.1f} ms"
    return f"{one.path}: p50 {figures}, {one.p50.value:.2f} times the old one's"


def _altogether(total: Ratio | None) -> list[str]:
    if total is None or total.speed == "ok":
        return []
    span = f"{total.value:.3f} [{total.low:.3f}, {total.high:.3f}] times the old one's"
    if total.speed == "slower":
        return [f"all routes together: {span}"]
    return [f"all routes together: {span}: not sure, measure more rounds"]


def shadow(
    old: Server,
    new: Server,
    *,
    rounds: int,
    say: Callable[[str, int, int], None],
    routes: Sequence[Route] = ROUTES,
) -> ShadowReport:
    """Compare all routes, and time those that both answered with 200; streams come last.

    `rounds` of 0 times nothing. A route that stays silent is told, and the rest is compared.
    Raise MigrationError when a server does not answer at all.
    """
    for server in (old, new):
        server.get("/api/tasks")
    questions = sorted(_questions(old, new, routes), key=lambda route: route.kind == "stream")
    count, compared, timed = len(questions), list[Compared](), list[tuple[str, float]]()
    quick = [route for route in questions if route.kind != "stream"]
    for number, route in enumerate(quick, start=1):
        one, seconds = _asked(route, old, new, compared)
        compared.append(one)
        if route.timed and route.kind in ("json", "page") and _both(one) == (200, 200):
            timed.append((route.path, seconds))
        say("compare", number, count)
    measured, untimed = _timed(timed if rounds else [], old, new, rounds, say)
    # A stream may hold up an old server as a whole, so nothing is asked after them.
    for route in questions[len(quick) :]:
        compared.append(_asked(route, old, new, [])[0])
    say("compare", count, count)
    return ShadowReport(
        old.url,
        new.url,
        tuple(compared),
        tuple(evaluate(path, one) for path, one in measured.items()),
        overall(list(measured.values())) if measured else None,
        tuple(untimed),
    )


def _timed(
    timed: Sequence[tuple[str, float]],
    old: Server,
    new: Server,
    rounds: int,
    say: Callable[[str, int, int], None],
) -> tuple[dict[str, list[Round]], list[str]]:
    """Return the rounds by path, and what could not be timed."""
    measured: dict[str, list[Round]] = {}
    untimed: list[str] = []
    for number, (path, seconds) in enumerate(timed, start=1):
        count = min(rounds, _SLOW_ROUNDS) if seconds > _SLOW_SECONDS else rounds
        try:
            measured[path] = _rounds(path, old, new, count)
        except MigrationError as error:
            untimed.append(f"{path}: not timed: {error}")
        say("time", number, len(timed))
    return measured, untimed


def _asked(
    route: Route, old: Server, new: Server, before: Sequence[Compared]
) -> tuple[Compared, float]:
    last = before[-MOST_SILENT:]
    if len(last) == MOST_SILENT and all(one.silent for one in last):
        # Each would cost a whole time limit; and nobody knows what the answer would have been.
        told = f"{route.path}: not asked: {MOST_SILENT} routes before it had no answer"
        return Compared(route.path, 0, 0, silent=told, is_ours=True), 0.0
    try:
        return _compare(route, old, new)
    except SilentError as error:
        told = f"{route.path}: not compared: {error}"
        return Compared(route.path, 0, 0, silent=told, is_ours=error.server == new.name), 0.0


def _both(one: Compared) -> tuple[int, int]:
    return one.old_status, one.new_status


def _compare(route: Route, old: Server, new: Server) -> tuple[Compared, float]:
    is_stream = route.kind == "stream"
    first, second = (one.get(route.path, stream=is_stream) for one in (old, new))
    found = compare(route, first, second)
    if found and not is_stream:
        # A ledger may have changed between the two questions: what lasts is a difference.
        first, second = (one.get(route.path) for one in (old, new))
        found = compare(route, first, second)
    faults = [one for one in found if one.what != "extra"]
    status = first.status if first.status == second.status else 0
    named = [(defect_of(route.path, one, status), one) for one in faults]
    return (
        Compared(
            route.path,
            first.status,
            second.status,
            tuple(one for defect, one in named if not defect),
            tuple((defect, one) for defect, one in named if defect),
            len(found) - len(faults),
        ),
        first.seconds + second.seconds,
    )


def _rounds(path: str, old: Server, new: Server, rounds: int) -> list[Round]:
    def ask(server: Server) -> float:
        answer = server.get(path)
        if answer.status != 200:
            raise MigrationError(f"{server.name} {path} answers {answer.status} now and then")
        return answer.seconds

    return measure(lambda: ask(old), lambda: ask(new), rounds)


def _questions(old: Server, new: Server, routes: Iterable[Route]) -> Iterable[Route]:
    for route in routes:
        yield from fill(route, _ids(route.ids, old, new))


def _ids(kind: str, old: Server, new: Server) -> list[str]:
    """Return ids that both servers know, at most three, and one that none does."""
    if kind not in _LISTS:
        return ["sync"] if kind else []
    path, key, name = _LISTS[kind]
    known = [_known(server.get(path), key, name) for server in (old, new)]
    return [*[one for one in known[0] if one in known[1]][:MOST_IDS], "no-such-id"]


def _known(answer: Answer, key: str, name: str) -> list[str]:
    try:
        whole: Any = answer.as_json()
    except ValueError:
        return []
    rows = whole.get(key) if isinstance(whole, dict) else whole
    found = (
        [row.get(name) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    )
    return [one for one in found if isinstance(one, str) and quote(one)]
