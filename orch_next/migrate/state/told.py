"""Tell what is wrong with the ledgers, by the source's lines; nothing is repaired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from orch_next.core.schema import KINDS, Problem
from orch_next.core.strict import check_files, check_folder
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.tree import place
from orch_next.migrate.state.moving import Moved
from orch_next.migrate.state.words import as_finding

# What a table in the place of sections, or UTF-8 in the place of CP932, settles.
_SETTLED = frozenset({"read-only-dialect", "no-table", "not-utf-8", "nul-character"})
# What depends on other files, and so on records that come from the other root.
_BETWEEN = frozenset({"orphan-approval", "unknown-task", "orphan-lock"})


def tell_problems(house: House, state: Path, moved: Sequence[Moved]) -> Iterator[Finding]:
    """Yield the source's problems that the move leaves, and those it brings to light."""
    remade = {one.kind.file_name: one for one in moved if one.sections or one.transcoded}
    before = check_folder(state, house.source, house.now)
    after = check_files(_results(moved), state, house.source, house.now)
    left = {_key(one) for one in after}
    for found in before:
        settled = found.file in remade and found.code in _SETTLED
        if settled or found.code == "not-utf-8":
            continue  # undecodable files are told by whoever reads them
        if found.code not in _BETWEEN or _key(found) in left:
            yield as_finding(found, place(house.source, state / found.file, found.line))
    known = {_key(one) for one in before}
    lines = {one.fields["id"]: one.start + 1 for ledger in moved for one in ledger.sections}
    for found in after:
        if found.file in remade and _key(found) not in known and found.code not in _BETWEEN:
            origin, line = remade[found.file].origin, lines.get(found.record_id, 0)
            yield as_finding(found, place(house.source, origin, line))


def _results(moved: Sequence[Moved]) -> dict[str, bytes | OSError]:
    """Return the ledgers as they will be."""
    data: dict[str, bytes | OSError] = {kind.file_name: FileNotFoundError() for kind in KINDS}
    return data | {one.kind.file_name: one.data for one in moved}


def _key(found: Problem) -> tuple[str, str, str, str]:
    between = found.message if found.code in _BETWEEN else ""
    return found.code, found.file, found.record_id, between
