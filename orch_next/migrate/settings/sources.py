"""Everything in a MOC tree that configures it, read in order of precedence, nothing dropped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orch_next.config import SECTION
from orch_next.migrate.findings import Finding
from orch_next.migrate.settings.code import read_literals
from orch_next.migrate.settings.environment import read_variables
from orch_next.migrate.settings.json_lines import (
    BadJsonError,
    JsonFile,
    KeyPath,
    Leaf,
    read_json,
)
from orch_next.migrate.settings.known import KNOWN_KEYS
from orch_next.migrate.settings.python_source import find_dashboards, parse_python
from orch_next.migrate.settings.rules import CODE, INTEGRATED
from orch_next.migrate.settings.text import read_text
from orch_next.migrate.settings.told import problem, warning
from orch_next.migrate.settings.tree import is_plain, place

PRODUCTION = "config/production.json"
_FOLDERS = ("", "ORCH/")
# Precedence of the legacy's files where two say the same; the environment comes before them.
_ORDER = (
    *("agents_api", "monitoring", "alert_config", "performance", "security", "staging"),
    *("paths", "secrets"),
)
_PLACES = (
    *((INTEGRATED, INTEGRATED), (INTEGRATED, "integrated_config.json")),
    (INTEGRATED, "config/integrated_config.json"),
    *(
        (f"config/{name}.json", f"{folder}config/{name}.json")
        for name in ("production", *_ORDER)
        for folder in _FOLDERS
    ),
)


@dataclass(frozen=True)
class Item:
    """One old value: the file as the contract names it, the real file, its key and place."""

    kind: Literal["environment", "file", "code"]
    known_as: str
    file: str
    path: KeyPath
    value: Any
    where: str

    @property
    def key(self) -> str:
        """Return the key as the documents write it: `dashboard.port`."""
        return ".".join(self.path)


@dataclass(frozen=True)
class Sources:
    """What was found; `unreadable` are files (relative) that hold no JSON object."""

    items: tuple[Item, ...]
    doubled: tuple[Item, ...]
    unreadable: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_sources(root: Path) -> Sources:
    """Read variables, settings files and the dashboard's code below a MOC root."""
    items, doubled = _variables(root), list[Item]()
    unreadable, findings = list[str](), list[Finding]()
    for known_as, file in _PLACES:
        if not is_plain(root / file):
            continue
        try:
            found = _read(root / file)
        except (BadJsonError, OSError) as error:
            findings.append(_bad(file, error))
            unreadable.append(file)
            continue
        if not _is_ours(file, found):
            items += [_item(known_as, file, leaf) for leaf in found.leaves]
            doubled += [_item(known_as, file, leaf) for leaf in found.doubled]
    code, faults = _code(root)
    findings += [*(_double(item) for item in doubled), *faults]
    return Sources((*items, *code), tuple(doubled), tuple(unreadable), tuple(findings))


def known_files() -> frozenset[str]:
    """Return the places of every settings file that is merged or read, relative to the root."""
    return frozenset(file for _, file in _PLACES)


def _read(path: Path) -> JsonFile:
    return read_json(read_text(path).text)


def _is_ours(file: str, found: JsonFile) -> bool:
    return file == PRODUCTION and any(leaf.path[0] == SECTION for leaf in found.leaves)


def _item(known_as: str, file: str, leaf: Leaf) -> Item:
    return Item("file", known_as, file, leaf.path, leaf.value, f"{file}:{leaf.line}")


def _variables(root: Path) -> list[Item]:
    return [
        Item(
            "environment", "environment", place(root, one.file), (one.name,), one.value,
            one.where(root),
        )
        for one in read_variables(root)
    ]  # fmt: skip


def _code(root: Path) -> tuple[list[Item], list[Finding]]:
    """Return the constants of the nearest dashboard; others are copies that do not run."""
    for path in find_dashboards(root)[:1]:
        source = parse_python(path)
        name = place(root, path)
        if source.tree is None:
            return [], [_unparsed(place(root, path, source.line), source.fault)]
        literals = read_literals(source.tree)
        return [
            Item("code", CODE, name, (one.name,), one.value, f"{name}:{one.line}")
            for one in literals
        ], []
    return [], []


def _bad(file: str, error: Exception) -> Finding:
    where = f"{file}:{error.line}" if isinstance(error, BadJsonError) else file
    return problem(
        "bad_json",
        where,
        f"this file cannot be read as JSON ({error}); it is kept as it is and none of its keys "
        "was taken over",
        f"JSON として読めません ({error})。ファイルはそのまま残し、値は引き継いでいません",
    )


def _double(item: Item) -> Finding:
    return problem(
        "duplicate_key",
        item.where,
        f"{item.key} stands twice; the last one counts, as in the legacy, and the earlier value "
        "is kept under `duplicates`",
        f"{item.key} が重複しています。従来と同じく最後の値を使い、"
        "前の値は `duplicates` に残します",
    )


def _unparsed(where: str, fault: str) -> Finding:
    return warning(
        "code_unreadable",
        where,
        f"the dashboard's code cannot be parsed ({fault}); its constants were not looked at",
        f"ダッシュボードのコードを解析できません ({fault})。定数は調べていません",
    )


_UNNAMED = set(KNOWN_KEYS) - {known_as for known_as, _ in _PLACES} - {CODE}
assert not _UNNAMED, _UNNAMED  # noqa: S101  # every file of appendix B has a place
