"""Where a change really lands: links followed inside the target, everything else refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orch_next.migrate.bounds import is_inner
from orch_next.migrate.changes import Change, Put, Remove
from orch_next.migrate.facts import POSIX, Fact, glance
from orch_next.migrate.findings import Finding

# SQLite reads these beside a database whatever the database holds: a new one would be spoilt.
_SIDECARS = ("-wal", "-journal")


@dataclass(frozen=True)
class Aim:
    """A change and the path, relative to the target, that it touches after following links."""

    change: Change
    path: str


@dataclass(frozen=True)
class Aims:
    """All changes of a step that can be made, and what stands against the others."""

    good: tuple[Aim, ...]
    findings: tuple[Finding, ...]


def aim(target: Path, changes: Iterable[Change]) -> Aims:
    """Find each change's real path; a change that must not be made becomes a blocker."""
    good: dict[str, Aim] = {}
    findings: list[Finding] = []
    for change in changes:
        found = _aim_one(target, change)
        if isinstance(found, Finding):
            findings.append(found)
        elif _key(found.path) in good:
            findings.append(_blocker("path-twice", change, "is written twice", "二重に書かれます"))
        else:
            good[_key(found.path)] = found
    findings += _nested(good)
    findings += _open_databases(target, good)
    return Aims(tuple(good.values()), tuple(findings))


def _key(path: str) -> str:
    return os.path.normcase(path)


def _aim_one(target: Path, change: Change) -> Aim | Finding:
    if not is_inner(change.path):
        return _blocker("path-bad", change, "is no path below the target", "移行先の下にありません")
    try:
        place = _real(target, change)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return _blocker("link-loop", change, "is a loop of links", "リンクが循環しています")
    if not place.is_relative_to(target):
        return _blocker(
            "link-escapes",
            change,
            f"leads through a link to {place}, outside the target; nothing is written there",
            f"リンクで移行先の外 {place} を指すため書きません",
        )
    path = place.relative_to(target).as_posix()
    if not is_inner(PurePosixPath(path)):
        return _blocker("path-bad", change, "is no path below the target", "移行先の下にありません")
    return _obstacle(place, change) or Aim(change, path)


def _real(target: Path, change: Change) -> Path:
    place = target / str(change.path)
    if isinstance(change, Put):
        return place.resolve()
    return place.parent.resolve() / place.name


def _obstacle(place: Path, change: Change) -> Finding | None:
    kind = glance(place).kind
    if kind in ("folder", "other") or (kind == "symlink" and isinstance(change, Put)):
        return _blocker("not-a-file", change, f"is a {kind}", "ファイルではありません")
    parent = _nearest(place.parent)
    if not parent.is_dir():
        message = f"cannot be made: {parent.name} is no folder"
        return _blocker("not-a-folder", change, message, "親がフォルダーではありません")
    return None


def _nearest(folder: Path) -> Path:
    while not os.path.lexists(folder):
        folder = folder.parent
    return folder


def _nested(good: dict[str, Aim]) -> Iterator[Finding]:
    for found in list(good.values()):
        parents = [_key(str(parent)) for parent in PurePosixPath(found.path).parents]
        if any(parent in good for parent in parents):
            message, message_ja = "lies below a file of the same step", "同じ手順のファイルの下です"
            yield _blocker("path-nested", found.change, message, message_ja)


def _open_databases(target: Path, good: dict[str, Aim]) -> Iterator[Finding]:
    for found in good.values():
        for ending in _SIDECARS:
            name = found.path + ending
            if _key(name) not in good and glance(target / name).size:
                yield _blocker(
                    "database-open",
                    found.change,
                    f"is a database in use, for {ending} stands beside it: stop what has it open",
                    f"使用中のデータベースです（{ending} があります）。先に停止してください",
                )


def _blocker(code: str, change: Change, message: str, message_ja: str) -> Finding:
    where = str(change.path)
    return Finding("blocker", code, where, f"{where} {message}", f"{where}: {message_ja}")


def missing_folders(target: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that must be made for some paths, outermost first."""
    found: set[str] = set()
    for path in paths:
        for parent in PurePosixPath(path).parents:
            if str(parent) == "." or (target / str(parent)).is_dir():
                break
            found.add(str(parent))
    return tuple(sorted(found, key=lambda name: (name.count("/"), name)))


def is_removal(change: Change) -> bool:
    """Tell whether a change takes a file away."""
    return isinstance(change, Remove)


def same_state(present: Fact, wanted: Fact) -> bool:
    """Tell whether content and mode are equal; the mtime says nothing about a move."""
    return present.is_same_content(wanted) and (
        not POSIX or wanted.kind != "file" or present.mode == wanted.mode
    )
