"""The shadow run: ask, compare, time, and say ready or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from orch_next.errors import MigrationError
from orch_next.migrate.shadow.compare import Difference, compare
from orch_next.migrate.shadow.defects import defect_of
from orch_next.migrate.shadow.fetch import Answer, Server
from orch_next.migrate.shadow.routes import ROUTES, Route, fill
from orch_next.migrate.shadow.timing import Ratio, Round, Times, evaluate, measure, overall

MOST_IDS = 3
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

    @property
    def is_same(self) -> bool:
        """Tell whether nothing differs but what was added."""
        return not self.faults and not self.improved


@dataclass(frozen=True)
class ShadowReport:
    """Everything a run found; it is ready when nothing speaks against it."""

    old: str
    new: str
    compared: tuple[Compared, ...]
    times: tuple[Times, ...]
    total: Ratio | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return what speaks against the change of servers, empty for nothing."""
        differ = [f"{one.path}: {_told(fault)}" for one in self.compared for fault in one.faults]
        slower = [_slower(one) for one in self.times if one.is_slower]
        return (*differ, *slower, *_altogether(self.total))

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
    """Compare all routes, then time those that both answered with 200.

    `rounds` of 0 times nothing. Raise MigrationError when a server does not answer.
    """
    for server in (old, new):
        server.get("/api/tasks")
    questions = list(_questions(old, new, routes))
    compared, timed = [], []
    for number, route in enumerate(questions, start=1):
        one, seconds = _compare(route, old, new)
        compared.append(one)
        if route.timed and route.kind in ("json", "page") and _both(one) == (200, 200):
            timed.append((route.path, seconds))
        say("compare", number, len(questions))
    measured: list[list[Round]] = []
    for number, (path, seconds) in enumerate(timed if rounds else (), start=1):
        count = min(rounds, _SLOW_ROUNDS) if seconds > _SLOW_SECONDS else rounds
        measured.append(_rounds(path, old, new, count))
        say("time", number, len(timed))
    return ShadowReport(
        old.url,
        new.url,
        tuple(compared),
        tuple(evaluate(path, one) for (path, _s), one in zip(timed, measured, strict=False)),
        overall(measured) if measured else None,
    )


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
    named = [(defect_of(route.path, one), one) for one in faults]
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
