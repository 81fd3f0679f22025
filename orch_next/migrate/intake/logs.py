"""The plan for the logs: every log gets to `data/logs/`, none overwrites another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from orch_next.migrate.changes import Change, Put, Remove
from orch_next.migrate.facts import glance
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.intake.catalogue import Listed, as_catalogue, as_known, read_catalogue
from orch_next.migrate.intake.encodings import MIXED, TextFacts, read_text_facts
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.intake.listing import Found, list_files
from orch_next.migrate.intake.placing import Arrival, Placer
from orch_next.migrate.step import Work

GOAL = PurePosixPath("data/logs")
# In the order in which names are given away: who lies there already keeps his.
FOLDERS = ("data/logs", "ORCH/LOGS", "LOGS")
CATALOGUE = GOAL / "index.json"
OTHER_CATALOGUE = GOAL / "index.orch-next.json"
# Where our dispatcher writes its runs' output.
_OURS = "ORCH/LOGS/jobs"


@dataclass
class LogPlan:
    """Collects the changes of one move of logs."""

    house: House
    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    listed: dict[str, Listed] = field(default_factory=dict)
    sizes: Counter[str] = field(default_factory=Counter)

    def make(self) -> Work:
        """Return the whole plan; OSError for the target's own files passes."""
        catalogue = self._read_catalogue()
        known = read_catalogue(self.house.target / catalogue) or {}
        placer = Placer(self.house.target, as_known(known))
        placer.reserve(catalogue)
        listing = list_files(self.house.source, FOLDERS, self._is_ours)
        self.findings += listing.findings
        done = 0
        for folder in FOLDERS:
            for found in (one for one in listing.files if _is_below(one.name, folder)):
                self._move(placer, folder, found)
                done += found.size
                self.house.say("logs", done, listing.total)
        self._keep_known(known)
        self._write_catalogue(catalogue)
        return Work(tuple(self.changes), tuple(self.findings), self._counts(), {})

    def _is_ours(self, name: str) -> bool:
        catalogues = (CATALOGUE.as_posix(), OTHER_CATALOGUE.as_posix())
        if name in catalogues:
            return bool(read_catalogue(self.house.source / name))
        return self.house.same and _is_below(name, _OURS)

    def _read_catalogue(self) -> PurePosixPath:
        if read_catalogue(self.house.target / CATALOGUE) is not None:
            return CATALOGUE
        where = OTHER_CATALOGUE.as_posix()
        self.findings.append(finding("catalogue-foreign", CATALOGUE.as_posix(), where))
        return OTHER_CATALOGUE

    def _move(self, placer: Placer, folder: str, found: Found) -> None:
        try:
            facts = read_text_facts(found.path)
        except OSError as error:
            self.findings.append(finding("unreadable", found.name, error.strerror or error))
            return
        if facts.encoding == MIXED:
            self.findings.append(finding("log-mixed", found.name))
        for wanted in _wanted(folder, found.name):
            self._put(placer, _arrival(folder, found, wanted, facts), facts)
        if self.house.same and folder != FOLDERS[0] and not is_decision_log(found.name):
            self.changes.append(Remove(PurePosixPath(found.name)))

    def _put(self, placer: Placer, arrival: Arrival, facts: TextFacts) -> None:
        place = placer.place(arrival)
        path = place.path.as_posix()
        if not place.present:
            self.changes.append(Put(place.path, origin=arrival.file))
        if place.path != arrival.wanted:
            self.findings.append(finding("log-renamed", arrival.origin, path))
        if _is_below(path, GOAL.as_posix()):
            row = Listed(
                path, arrival.origin, facts.encoding, facts.lines, facts.size, facts.sha256
            )
            self.listed.setdefault(path, row)
        self.sizes["files"] += 1
        self.sizes["bytes"] += facts.size
        self.sizes[f"encoding {facts.encoding}"] += 1

    def _keep_known(self, known: dict[str, Listed]) -> None:
        """Keep the rows of an earlier move whose origin is gone or lies in the new place."""
        for path, row in known.items():
            present = self.listed.get(path)
            is_same = present is not None and present.sha256 == row.sha256
            if is_same or (present is None and glance(self.house.target / path).kind == "file"):
                self.listed[path] = row

    def _write_catalogue(self, path: PurePosixPath) -> None:
        content = as_catalogue(list(self.listed.values()))
        place = self.house.target / path
        if self.listed and (not place.exists() or place.read_bytes() != content):
            self.changes.append(Put(path, content=content))

    def _counts(self) -> dict[str, int]:
        moved = sum(isinstance(one, Put) and one.origin is not None for one in self.changes)
        return {**dict(sorted(self.sizes.items())), "copied": moved}


def is_decision_log(name: str) -> bool:
    """Tell whether `/audit/events` reads this log, so that it must stay where it is."""
    return "APPROVALS" in PurePosixPath(name).name and name.endswith(".md")


def _wanted(folder: str, name: str) -> Iterator[PurePosixPath]:
    yield GOAL / PurePosixPath(name).relative_to(folder)
    if folder != FOLDERS[0] and is_decision_log(name):
        yield PurePosixPath(name)


def _arrival(folder: str, found: Found, wanted: PurePosixPath, facts: TextFacts) -> Arrival:
    label = f"from-{folder.lower().replace('/', '-')}"
    return Arrival(found.path, found.name, wanted, label, facts.sha256, facts.size)


def _is_below(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/")
