"""The JSON stores: checked, counted, and joined by id with those of the new house."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_next.migrate.findings import Finding
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.settings.text import read_whole

# file -> key of the list in the other known form, member that names a record (contract 6)
STORES: Mapping[str, tuple[str, str]] = {
    "data/work_instructions.json": ("items", "id"),
    "data/agents_registry.json": ("agents", "id"),
    "data/agents_registry_seed.json": ("agents", "id"),
    "data/approvals.json": ("approvals", "appr_id"),
}
# Those that our server writes too: two houses may both have one.
JOINED = ("data/work_instructions.json", "data/agents_registry.json")
LINES_FOLDER = "data/metrics/"


@dataclass(frozen=True)
class Store:
    """A store's records, its whole JSON value, and what is wrong with it."""

    name: str
    records: tuple[Any, ...]
    whole: Any
    findings: tuple[Finding, ...] = ()

    def by_id(self) -> dict[str, Any]:
        """Return the records that have an id; of equal ids the first."""
        found: dict[str, Any] = {}
        member = STORES[self.name][1]
        for record in self.records:
            if isinstance(record, dict) and isinstance(record.get(member), str):
                found.setdefault(record[member], record)
        return found


@dataclass(frozen=True)
class Joined:
    """Two stores in one: its bytes, how many records came in, which ids differ."""

    content: bytes
    added: int
    differing: tuple[str, ...]


def read_store(name: str, path: Path) -> Store | None:
    """Read one of `STORES`; None with a wrong form is told by `store_problem`. OSError passes."""
    whole = _parse(path)
    records = _records(name, whole)
    if records is None:
        return None
    store = Store(name, tuple(records), whole)
    member = STORES[name][1]
    ids = Counter(one.get(member) for one in records if isinstance(one, dict))
    twice = [(key, n) for key, n in ids.items() if n > 1 and key is not None]
    found = tuple(finding("json-twice", name, key, n) for key, n in twice)
    return Store(store.name, store.records, whole, found)


def store_problem(name: str, path: Path) -> Finding:
    """Return why `read_store` gave nothing."""
    try:
        json.loads(read_whole(path).removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        return finding("json-damaged", name, error)
    return finding("json-damaged", name, f'neither a list nor {{"{STORES[name][0]}": [...]}}')


def _parse(path: Path) -> Any:
    try:
        return json.loads(read_whole(path).removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None


def _records(name: str, whole: Any) -> list[Any] | None:
    found = whole.get(STORES[name][0]) if isinstance(whole, dict) else whole
    return found if isinstance(found, list) else None


def join_stores(old: Store, new: Store) -> Joined:
    """Return the new store with the old one's records that it lacks; its own form is kept."""
    present, records = new.by_id(), old.by_id()
    missing = [record for key, record in records.items() if key not in present]
    differing = tuple(k for k, v in records.items() if k in present and present[k] != v)
    both = [*new.records, *missing]
    whole = {**new.whole, STORES[new.name][0]: both} if isinstance(new.whole, dict) else both
    text = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    return Joined(text.encode("utf-8", "surrogatepass"), len(missing), differing)


def read_lines(name: str, path: Path) -> tuple[int, list[Finding]]:
    """Count a file's JSON lines and tell which lines are none; OSError passes.

    A file that is one JSON value counts as one.
    """
    bad: list[Finding] = []
    count = 0
    for number, line in _lines(path):
        try:
            json.loads(line)
            count += 1
        except (ValueError, RecursionError) as error:
            bad.append(finding("json-line", f"{name}:{number}", error))
    if bad and not count and _parse(path) is not None:
        return 1, []
    return count, bad


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield number, text


def compare_approvals(store: Store, statuses: Mapping[str, str]) -> Sequence[Finding]:
    """Return where `data/approvals.json` says something else than the ledger's statuses."""
    found: list[Finding] = []
    for key, record in store.by_id().items():
        there, here = statuses.get(key), record.get("status")
        if there is None:
            found.append(finding("approval-unknown", store.name, key))
        elif there != here:
            found.append(finding("approval-differs", store.name, key, here, there))
    return found
