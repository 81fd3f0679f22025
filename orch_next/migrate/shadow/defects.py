"""Differences that are meant: the legacy's defects (contract 3b) and what is said instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orch_next.migrate.shadow.compare import NO_ROWS, Difference, What

Test = Callable[[Difference], bool]
_ROWS = r"/(api/(tasks|approvals|milestones)|jobs.*)$"
_UNKNOWN = r".*/no-such-(url|id)(/|$)"
_DASHES = re.compile(r":?-{2,}:?")


@dataclass(frozen=True)
class Meant:
    """A difference of some kinds at some places of some routes is the cure of a defect."""

    defect: str
    routes: str
    what: tuple[What, ...]
    where: str = ""
    test: Test = lambda _one: True
    status: int = 0  # both answers', where only that makes it meant

    def covers(self, path: str, one: Difference, status: int) -> bool:
        """Tell whether it explains the difference."""
        return (
            one.what in self.what
            and self.status in (0, status)
            and re.match(self.routes, path.partition("?")[0]) is not None
            and re.search(self.where, one.where) is not None
            and self.test(one)
        )


def _turned(old: str, new: str) -> Test:
    """Return a test for answers that were `old` and are `new`, both as words."""
    return lambda one: one.old in old.split() and one.new in new.split()


def _is_delimiter(one: Difference) -> bool:
    return re.search(r"\[:?-{2,}:?'*\]", one.where) is not None


def _is_one_less(one: Difference) -> bool:
    return one.old.isdigit() and one.new.isdigit() and int(one.old) - int(one.new) == 1


def _was_blind(one: Difference) -> bool:
    """Tell whether the old reader saw no row, or only a delimiter, where there are some."""
    return one.old in ("0", "1", NO_ROWS) and one.new not in ("0", NO_ROWS)


def _has_pipe(one: Difference) -> bool:
    return "|" in one.new or one.old.endswith("\\")


MEANT: tuple[Meant, ...] = (
    Meant("D02", _ROWS, ("missing",), test=_is_delimiter),
    Meant("D02", r"/api/overview$", ("missing",), r"-{2,}"),
    Meant("D02", r"/api/overview$", ("value",), test=_is_one_less),
    Meant("D07", _ROWS, ("value",), test=_has_pipe),
    Meant("D04", _ROWS, ("length",), test=_was_blind),
    Meant("D04", r"/api/overview$", ("value",), test=_was_blind),
    Meant("D19", r"/metrics$", ("missing",), r"^orch_agents_api_audit_|_created$"),
    Meant("D20", r"/audit/events$", ("length",)),
    Meant("D20", r"/audit/events$", ("missing",), r"\[log_\d+\]$"),
    Meant("D26", r"/jobs$", ("value", "type"), r"^next_page$"),
    Meant("D27", r"/api/(v3|ml|knowledge)/", ("status",), test=_turned("503", "200 404")),
    Meant("D31", r"/api/git/", ("status",), test=_turned("200", "404")),
    Meant("D31", r"/api/git/", ("value", "missing"), r"^(success|error)$"),
    Meant("D31", r"/api/git/", ("value",), r"\.(message|author|date)$", _has_pipe),
    Meant("D32", r"/api/rules", ("length", "value")),
    Meant("D32", r"/api/rules", ("missing",), r"^violations\["),
    Meant("D33", r"/console$", ("status",), test=_turned("404 500", "200")),
    Meant("D10", _UNKNOWN, ("status",), test=_turned("200", "404")),
    Meant("D38", _UNKNOWN, ("status",), test=_turned("500 503", "404")),
    Meant("D38", _UNKNOWN, ("type", "title", "body", "missing", "value"), status=404),
    Meant("D39", r"/api/agents/list$", ("length",)),
    Meant("D44", r"/api/(autopilot|work/progress)", ("value", "length")),
    Meant("D46", r"/api/ml/retrain/", ("status",), test=_turned("500 503", "200")),
    Meant("D41", r"/", ("status",), test=_turned("404 500 501", "200 302")),
)


def defect_of(path: str, one: Difference, status: int = 0) -> str:
    """Return the D-number of the defect that a difference cures, empty when none is known.

    `status` is that of both answers, 0 where they differ in it.
    """
    return next((meant.defect for meant in MEANT if meant.covers(path, one, status)), "")
