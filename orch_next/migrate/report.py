"""What a run did, as data: written beside the text reports, so that they can be told anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from orch_next.errors import NotFoundError, RecordError
from orch_next.migrate.durable import replace_text
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.manifest import Item
from orch_next.migrate.places import Places
from orch_next.migrate.sealed import read_sealed, write_sealed

Outcome = Literal[
    "planned", "moved", "nothing", "finished", "taken back", "verified", "blocked", "failed"
]
_CHANGING = ("moved", "finished", "taken back", "failed")
Kind = Literal["plan", "apply", "rollback", "verify"]


@dataclass(frozen=True)
class Touched:
    """One path of a step; `action` is create, replace, remove, restore or keep."""

    path: str
    action: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class StepReport:
    """What happened to one step; `seconds` is how long it took."""

    name: str
    phase: int
    title: str
    title_ja: str
    outcome: Outcome
    touched: tuple[Touched, ...] = ()
    unchanged: int = 0
    verified: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def actions(self) -> dict[str, int]:
        """Return how many paths were created, replaced, removed, ..."""
        return dict(Counter(one.action for one in self.touched))

    @property
    def size(self) -> int:
        """Return how many bytes were written."""
        return sum(one.size for one in self.touched)


@dataclass(frozen=True)
class RunReport:
    """What one run did; times are ISO 8601 UTC and seconds."""

    run: str
    kind: Kind
    source: str
    target: str
    started: str
    seconds: float = 0.0
    steps: tuple[StepReport, ...] = ()
    left: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    error: str = ""

    def with_step(self, step: StepReport) -> RunReport:
        """Return the report with one more step."""
        return replace(self, steps=(*self.steps, step))

    @property
    def did_something(self) -> bool:
        """Tell whether any step changed the tree."""
        return any(one.outcome in _CHANGING for one in self.steps)

    @property
    def is_fine(self) -> bool:
        """Tell whether it came to its end and no check after it failed."""
        return not self.error and all(
            one.outcome not in ("blocked", "failed") for one in self.steps
        )

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, with each step's sums."""
        body = asdict(self)
        for value, step in zip(body["steps"], self.steps, strict=True):
            value |= {"actions": step.actions, "bytes": step.size}
        return {**body, "fine": self.is_fine}


def report_of(house: House, run: str, kind: Kind) -> RunReport:
    """Return the empty report of a run that starts now."""
    started = house.now.isoformat(timespec="seconds")
    return RunReport(run, kind, str(house.source), str(house.target), started)


def touched_by(items: Iterable[Item]) -> tuple[Touched, ...]:
    """Return what a commit of some items does to each path."""
    return tuple(
        Touched(item.path, _action(item), item.after.size, item.after.sha256) for item in items
    )


def _action(item: Item) -> str:
    if item.after.kind == "absent":
        return "remove"
    return "create" if item.before.kind == "absent" else "replace"


def save_report(places: Places, report: RunReport, texts: Mapping[str, str]) -> None:
    """Write the texts by file ending (md, html) and, last, the data they were made of."""
    for ending, text in texts.items():
        replace_text(places.reports / f"{report.run}.{ending}", text)
    write_sealed(places.reports / f"{report.run}.json", report.as_json())


def load_report(places: Places, run: str = "") -> RunReport:
    """Read a run's report, by default the newest; raise `NotFoundError` where there is none."""
    names = sorted(path.stem for path in places.reports.glob("*.json"))
    if run and run not in names:
        raise NotFoundError(f"no report of run {run}; there are: {', '.join(names) or 'none'}")
    if not names:
        raise NotFoundError(f"{places.reports} holds no report yet")
    path = places.reports / f"{run or names[-1]}.json"
    try:
        return _as_report(read_sealed(path))
    except (KeyError, TypeError) as error:
        raise RecordError(f"{path} is damaged: {error!r}") from error


def _as_report(body: Mapping[str, Any]) -> RunReport:
    steps = tuple(_as_step(one) for one in body["steps"])
    rest = {key: value for key, value in body.items() if key not in ("steps", "fine")}
    lists = {key: tuple(rest[key]) for key in ("left", "pruned")}
    return RunReport(**{**rest, **lists, "steps": steps})


def _as_step(body: Mapping[str, Any]) -> StepReport:
    rest = {key: value for key, value in body.items() if key not in ("actions", "bytes")}
    touched = tuple(Touched(**one) for one in body["touched"])
    findings = tuple(Finding(**one) for one in body["findings"])
    return StepReport(**{**rest, "touched": touched, "findings": findings})
