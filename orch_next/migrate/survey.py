"""A first look at what a step would read: links that lead out, pipes, sizes; nothing is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orch_next.core.schema import KINDS
from orch_next.migrate.bounds import leads_out
from orch_next.migrate.facts import glance
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.text import MOST_READ
from orch_next.migrate.settings.told import blocker, warning
from orch_next.migrate.settings.tree import place

_LEDGERS = frozenset({kind.file_name for kind in KINDS} | {"flags.md"})
_OPENED = (".lock", ".json")  # read below STATE, besides the ledgers
_GIB = 2**30


@dataclass(frozen=True)
class Area:
    """The folders of a step; `whole` says that their files are read into memory."""

    folders: tuple[str, ...]
    whole: bool = False
    follows: bool = True  # a linked folder inside the tree is looked into


_STATE = Area(("ORCH/STATE", "STATE", "../STATE"))
_CONFIG = Area(("config", "ORCH/config"), whole=True)
AREAS: Mapping[str, Area] = {
    "config": _CONFIG,
    "requirements": _CONFIG,
    "environment": _CONFIG,
    "state": _STATE,
    "logs": Area(("data/logs", "ORCH/LOGS", "LOGS"), follows=False),
    "data": Area(("data",), follows=False),
    "dashboard": Area(("ORCH/templates", "templates", "ORCH/static", "static")),
}


def survey(house: House, step: str) -> list[Finding]:
    """Return what a step must not read, a blocker where it could not go on without that."""
    orch = house.source / "ORCH"
    if leads_out(house.source, orch):  # every step would read through it
        return [_out("ORCH", os.path.realpath(orch), "blocker")]
    area = AREAS.get(step)
    if area is None:
        return []
    return [one for folder in area.folders for one in _folder(house, step, area, folder)]


def _folder(house: House, step: str, area: Area, folder: str) -> Iterator[Finding]:
    top = house.source / folder
    root = top.parent.resolve() if folder.startswith("..") else house.source
    if area.follows and leads_out(root, top):
        where = place(house.source, top)
        yield _out(where, os.path.realpath(top), "blocker")
        return
    for path in _walk(top):
        fact, where = glance(path), place(house.source, path)
        if fact.kind == "symlink" and area.follows and leads_out(root, path):
            needed = step == "state" and _is_read(path)
            yield _out(where, fact.link, "blocker" if needed else "warning")
        elif fact.kind == "other" and step == "state" and path.name in _LEDGERS:
            english = "is no ordinary file: a pipe, a socket or a device is not read"
            yield blocker("not-a-file", where, english, "通常のファイルではないため読みません")
        limit = MOST_READ if area.whole or path.name in _LEDGERS else house.options.most_bytes
        if fact.size > limit:
            yield _large(where, fact.size, limit)


def _walk(top: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(top):
        for name in sorted((*files, *(one for one in folders if Path(parent, one).is_symlink()))):
            yield Path(parent, name)


def _is_read(path: Path) -> bool:
    return path.name in _LEDGERS or path.suffix.lower() in _OPENED


def _out(where: str, goal: str, severity: str) -> Finding:
    english = f"link leads out of the tree, to {goal}: it is not followed"
    japanese = f"ツリーの外（{goal}）へ出るリンクのため、たどりません"
    told = blocker if severity == "blocker" else warning
    return told("link-leads-out", where, english, japanese)


def _large(where: str, size: int, limit: int) -> Finding:
    told = f"{size / _GIB:,.1f} GiB", f"{limit / _GIB:,.2g} GiB"
    english = "is {} large, and at most {} are read: move it aside first".format(*told)
    japanese = "{} あり、上限の {} を超えています。先に移動してください".format(*told)
    if limit != MOST_READ:
        english += ", or raise --most-gib"
        japanese += "（または --most-gib で上限を上げてください）"
    return blocker("too-large", where, english, japanese)


def surveyed(house: House, step: str) -> tuple[list[Finding], bool]:
    """Return the findings, and whether the step may read at all."""
    found = survey(house, step)
    return found, not any(one.severity == "blocker" for one in found)
