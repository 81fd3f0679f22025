"""The plan for the data: databases and JSON stores imported, everything else brought along."""

from __future__ import annotations

import stat
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from orch_next.migrate.changes import Change, Put
from orch_next.migrate.facts import hash_file
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.intake.catalogue import Listed, as_catalogue, as_known, read_catalogue
from orch_next.migrate.intake.databases import (
    content_digest,
    digest_of,
    is_companion,
    is_sqlite,
    snapshot,
)
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.intake.listing import Found, Listing, list_files
from orch_next.migrate.intake.ours import OURS, is_contained, plan_ours
from orch_next.migrate.intake.placing import Arrival, Placer
from orch_next.migrate.intake.sources import Ledgers, Source, read_ledgers, read_source
from orch_next.migrate.intake.stores import (
    JOINED,
    LINES_FOLDER,
    STORES,
    Store,
    compare_approvals,
    join_stores,
    read_lines,
    read_store,
    store_problem,
)
from orch_next.migrate.settings.text import MOST_READ
from orch_next.migrate.step import Work
from orch_next.storage.foreign import COMPANIONS

CATALOGUE = PurePosixPath("data/moc-import.json")
LABEL = "from-moc"
# What other steps bring, or what belongs to a running installation only.
_ELSEWHERE = (
    *("data/logs", "data/migration", "data/secret.key"),
    *("ORCH/STATE", "ORCH/LOGS", "ORCH/templates", "ORCH/static", "ORCH/scripts"),
    *("ORCH/.locks", "ORCH/integrated_config.json", "ORCH/src", "ORCH/websocket"),
)
_PASSING = (".lock", ".lock-next", ".tmp")


@dataclass
class DataPlan:
    """Collects the changes of one move of data."""

    house: House
    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    listed: dict[str, Listed] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    notes: dict[str, Any] = field(default_factory=lambda: {"databases": {}, "stores": {}})

    def make(self) -> Work:
        """Return the whole plan; OSError for the target's own files passes."""
        listing = list_data(self.house.source)
        ledgers = read_ledgers(self.house.source)
        known = read_catalogue(self.house.target / CATALOGUE) or {}
        placer = Placer(self.house.target, as_known(known))
        placer.reserve(CATALOGUE)
        self.findings += listing.findings
        sources = self._read_databases(listing, ledgers)
        placer.reserve(PurePosixPath(OURS))
        self._make_ours(sources)
        done = 0
        for found in listing.files:
            self._take(found, placer, sources, ledgers)
            done += found.size
            self.house.say("data", done, listing.total)
        self._write_catalogue(known)
        return Work(tuple(self.changes), tuple(self.findings), dict(self.counts), self.notes)

    def _read_databases(self, listing: Listing, ledgers: Ledgers) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for one in listing.files:
            if self._is_database(one):
                found[one.name] = read_source(one.name, one.path, ledgers, self.house.now)
                self.findings += found[one.name].findings
                self.counts["databases"] += found[one.name].sound
                self.counts["rows"] += found[one.name].rows
        return found

    def _is_database(self, one: Found) -> bool:
        try:
            return is_sqlite(one.path)
        except OSError:
            return False  # told when it is to be copied

    def _make_ours(self, sources: dict[str, Source]) -> None:
        ours = plan_ours(self.house, sources)
        self.changes += ours.changes
        self.findings += ours.findings
        self.counts["audit events added"] = sum(ours.added.values())
        self.notes["audit"] = dict(ours.added)

    def _take(
        self, found: Found, placer: Placer, sources: dict[str, Source], ledgers: Ledgers
    ) -> None:
        try:
            if found.name in sources and sources[found.name].sound:
                self._take_database(sources[found.name], placer)
            elif is_companion(found.path) and self._belongs_to_sound(found, sources):
                return
            else:
                self._look_into(found, ledgers)
                self._take_file(found, placer)
        except OSError as error:
            self.findings.append(finding("unreadable", found.name, error.strerror or error))

    def _belongs_to_sound(self, found: Found, sources: dict[str, Source]) -> bool:
        owners = (found.name.removesuffix(one) for one in COMPANIONS if found.name.endswith(one))
        return any(owner in sources and sources[owner].sound for owner in owners)

    def _take_database(self, source: Source, placer: Placer) -> None:
        tables = [asdict(table) for table in source.tables]
        where = source.name
        if source.name == OURS:
            where = self._place_ours(source, placer)
        elif not self.house.same:
            where = self._place_database(source, placer)
        self.notes["databases"][source.name] = {"path": where, "tables": tables}

    def _place_ours(self, source: Source, placer: Placer) -> str:
        present = self.house.target / OURS
        if self.house.same or not present.exists() or is_contained(source, present):
            return OURS
        return self._place_database(source, placer)

    def _place_database(self, source: Source, placer: Placer) -> str:
        digest = content_digest(source.tables)
        wanted = PurePosixPath(source.name)
        place = placer.place(
            Arrival(source.path, source.name, wanted, LABEL, digest, None, digest_of)
        )
        path = place.path.as_posix()
        self.listed[path] = Listed(path, source.name, "sqlite", source.rows, 0, digest)
        if place.path != wanted:
            self.findings.append(finding("file-renamed", source.name, path))
        if not place.present:
            mode = 0o600 if source.is_secret else stat.S_IMODE(source.path.stat().st_mode)
            put = Put(place.path, origin=source.path, mode=mode)
            if source.has_companions:
                put = Put(place.path, build=partial(snapshot, source.path), mode=mode)
            self.changes.append(put)
        return path

    def _look_into(self, found: Found, ledgers: Ledgers) -> None:
        is_read = found.name in STORES or found.name.startswith(LINES_FOLDER)
        if is_read and found.size > MOST_READ:
            self.findings.append(finding("json-large", found.name, found.size >> 20))
            return
        if found.name in STORES:
            store = read_store(found.name, found.path)
            if store is None:
                self.findings.append(store_problem(found.name, found.path))
                return
            self.findings += store.findings
            self.notes["stores"][found.name] = len(store.records)
            self.counts["records"] += len(store.records)
            if found.name == "data/approvals.json" and ledgers.approvals is not None:
                self.findings += compare_approvals(store, ledgers.approvals)
            self._join(found, store)
        elif found.name.startswith(LINES_FOLDER):
            lines, bad = read_lines(found.name, found.path)
            self.findings += bad
            self.counts["metric lines"] += lines

    def _join(self, found: Found, old: Store) -> None:
        present = self.house.target / found.name
        if self.house.same or found.name not in JOINED or not present.exists():
            return
        new = read_store(found.name, present)
        if new is None:
            self.findings.append(store_problem(found.name, present))
            return
        joined = join_stores(old, new)
        kept = found.name.replace(".json", f".{LABEL}.json")
        for key in joined.differing:
            self.findings.append(finding("json-differs", found.name, key, kept))
        self.counts["records joined"] += joined.added
        if joined.added:
            self.changes.append(Put(PurePosixPath(found.name), content=joined.content))

    def _take_file(self, found: Found, placer: Placer) -> None:
        self.counts["files"] += 1
        self.counts["bytes"] += found.size
        if self.house.same or self._is_joined(found):
            return
        digest, wanted = hash_file(found.path), PurePosixPath(found.name)
        place = placer.place(Arrival(found.path, found.name, wanted, LABEL, digest, found.size))
        path = place.path.as_posix()
        self.listed[path] = Listed(path, found.name, "", 0, found.size, digest)
        if place.path != wanted:
            self.findings.append(finding("file-renamed", found.name, path))
        if not place.present:
            self.changes.append(Put(place.path, origin=found.path))

    def _is_joined(self, found: Found) -> bool:
        """Tell whether every record of a store is in the new house's, word for word."""
        present = self.house.target / found.name
        if found.name not in JOINED or not present.exists() or found.size > MOST_READ:
            return False
        old, new = read_store(found.name, found.path), read_store(found.name, present)
        return old is not None and new is not None and not join_stores(old, new).differing

    def _write_catalogue(self, known: dict[str, Listed]) -> None:
        for path, row in known.items():
            if path not in self.listed and (self.house.target / path).exists():
                self.listed[path] = row
        content = as_catalogue(list(self.listed.values()))
        place = self.house.target / CATALOGUE
        if self.listed and (not place.exists() or place.read_bytes() != content):
            self.changes.append(Put(CATALOGUE, content=content))


def list_data(source: Path) -> Listing:
    """List the old house's `data/` and what ORCH holds beside ledgers, logs and programs."""
    return list_files(source, ("data", "ORCH"), _is_elsewhere)


def _is_elsewhere(name: str) -> bool:
    if name in _ELSEWHERE or name == CATALOGUE.as_posix():
        return True
    is_program = name.startswith("ORCH/") and name.endswith((".py", ".pyc"))
    last = PurePosixPath(name).name
    return is_program or (last.startswith(".") and last.endswith(_PASSING))
