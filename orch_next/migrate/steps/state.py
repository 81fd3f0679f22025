"""Step `state`: the three ledgers, flags and locks move to ORCH/STATE (docs/migration-state.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from orch_next.core.schema import KINDS, load_snapshot
from orch_next.migrate.changes import Change, Put
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.told import blocker, info, problem, warning
from orch_next.migrate.settings.tree import is_inner_file, place
from orch_next.migrate.state.files import list_state
from orch_next.migrate.state.moving import Moved, move_ledger, summarise
from orch_next.migrate.state.roots import Roots, find_roots
from orch_next.migrate.state.to_table import SIDECAR
from orch_next.migrate.state.told import tell_problems
from orch_next.migrate.step import Phase, Step, Work

STATE = PurePosixPath("ORCH/STATE")
OTHER_ROOT = PurePosixPath("data/other_root")
TRANSCODED = PurePosixPath("data/transcoded")
_NAMES = frozenset(kind.file_name for kind in KINDS)


def make_steps() -> tuple[Step, ...]:
    """Return the step of the ledgers."""
    return (StateStep(),)


class StateStep:
    """TASKS.md, APPROVALS.md, MILESTONES.md, and everything else below STATE."""

    name = "state"
    phase: Phase = 1
    title = "Ledgers, flags and locks to ORCH/STATE"
    title_ja = "台帳・フラグ・ロックを ORCH/STATE へ"

    def check(self, house: House) -> Sequence[Finding]:
        """Tell when there is no STATE folder, and which ledgers of the target would go."""
        roots = find_roots(house.source)
        if roots.main is None:
            english = "no ORCH/STATE and no STATE folder: name the folder that holds ORCH"
            japanese = "ORCH/STATE も STATE もありません。ORCH のあるフォルダーを指定してください"
            return [blocker("no-state", "", english, japanese)]
        return list(_replaced(house, roots))

    def plan(self, house: House) -> Work:
        """Read every ledger of every root, and copy the rest."""
        roots = find_roots(house.source)
        if roots.main is None:
            return Work()
        found = [move_ledger(house, roots, kind) for kind in KINDS]
        moved = [one for one in found if one is not None]
        changes = [*_ledgers(house, moved), *_others(house, roots)]
        findings = [
            *tell_problems(house, roots.main, moved),
            *(f for one in moved for f in one.findings),
        ]
        findings += _links(house, roots)
        return Work(tuple(changes), tuple(findings), _counts(moved, findings), _notes(house, moved))

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Compare the records that lie in the target with those that were planned."""
        return list(_wrong(house, work.notes.get("records", {})))


def _ledgers(house: House, moved: Sequence[Moved]) -> Iterator[Change]:
    for one in moved:
        path = STATE / one.kind.file_name
        if one.changed:
            mode = one.origin.stat().st_mode & 0o7777
            yield Put(path, content=one.data, mode=mode)
            if one.transcoded:
                yield Put(TRANSCODED / one.kind.file_name, content=one.before)
        elif one.origin != house.target / path:
            yield Put(path, origin=one.origin)
        if one.sidecar:
            present = house.source / STATE / SIDECAR
            before = present.read_bytes() if is_inner_file(house.source, present) else b""
            yield Put(STATE / SIDECAR, content=before + one.sidecar.encode("utf-8"))


def _others(house: House, roots: Roots) -> Iterator[Change]:
    """Copy what is no ledger, and the other roots whole: nothing of them is dropped."""
    assert roots.main is not None  # noqa: S101
    made = {STATE / name for name in (*_NAMES, SIDECAR)}
    for inner in list_state(roots.main, house.source).files:
        path = STATE / inner.as_posix()
        origin = roots.main / inner
        if path not in made and origin != house.target / path:
            yield Put(path, origin=origin)
    if house.same:
        return
    for number, folder in enumerate(roots.others, start=1):
        for inner in list_state(folder, folder).files:
            yield Put(OTHER_ROOT / str(number) / inner.as_posix(), origin=folder / inner)


def _links(house: House, roots: Roots) -> Iterator[Finding]:
    assert roots.main is not None  # noqa: S101
    found = list_state(roots.main, house.source)
    for inner in found.links:
        where = place(house.source, roots.main / inner)
        yield info(
            "link-copied", where, "a link: its file is copied", "リンク先のファイルを写します"
        )
    for inner in found.dead:
        where = place(house.source, roots.main / inner)
        english = "a link to nothing or to a folder, or no file: left where it is"
        yield warning("not-copied", where, english, "リンク切れ等のため写しません")


def _replaced(house: House, roots: Roots) -> Iterator[Finding]:
    """Tell which records of the target the source does not have as they are there."""
    if house.same:
        return
    for kind in KINDS:
        path = house.target / STATE / kind.file_name
        moved = move_ledger(house, roots, kind) if path.is_file() else None
        if moved is None or moved.ledger is None:
            continue
        planned = {(one.key, str(one.as_json())) for one in moved.ledger.records}
        present = load_snapshot(kind, path.read_bytes()).records
        own = [one.key for one in present if (one.key, str(one.as_json())) not in planned]
        if own:
            english = f"{len(own)} records of the target go (the backup keeps them): {own[0]} ..."
            japanese = f"移行先の {len(own)} 件が置き換わります(控えは残ります): {own[0]} ほか"
            yield problem("target-replaced", f"{STATE}/{kind.file_name}", english, japanese)


def _counts(moved: Sequence[Moved], findings: Sequence[Finding]) -> dict[str, int]:
    counts = {f"{one.kind.name}s": len(one.ledger.records) if one.ledger else 0 for one in moved}
    cells = [one for ledger in moved for one in ledger.differences if one.column]
    return counts | {
        "rows_from_sections": sum(len(one.sections) for one in moved),
        "rows_from_other_root": sum(len(one.added) for one in moved),
        "cells_from_other_root": sum(one.taken == "other" for one in cells),
        "disagreements": sum(one.taken == "orch" for one in cells),
        "expired_locks": sum(one.code == "lock-expired" for one in findings),
    }


def _notes(house: House, moved: Sequence[Moved]) -> dict[str, Any]:
    return {
        "dialect": house.options.dialect,
        "records": {
            one.kind.file_name: asdict(summarise(one.ledger.records)) for one in moved if one.ledger
        },
        "disagreements": [cell.as_json() for one in moved for cell in one.differences],
        "sections": [
            {
                "id": section.fields["id"],
                "line": section.start + 1,
                "in_notes": [name for name, _ in section.more],
                "lines_in_sidecar": len(section.rest),
            }
            for one in moved
            for section in one.sections
        ],
    }


def _wrong(house: House, records: dict[str, Any]) -> Iterator[Finding]:
    for kind in KINDS:
        wanted = records.get(kind.file_name)
        if wanted is None:
            continue
        path = house.target / STATE / kind.file_name
        data = path.read_bytes() if path.is_file() else b""
        present = asdict(summarise(load_snapshot(kind, data).records))
        if present != wanted:
            where = f"{STATE}/{kind.file_name}"
            english = f"holds {present['count']} records, not the {wanted['count']} planned"
            japanese = f"{present['count']} 件あり、計画の {wanted['count']} 件と一致しません"
            yield problem("records-differ", where, english, japanese)
