"""requirements.txt as pip reads it: includes, markers, extras, hashes; in any encoding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from orch_next.migrate.findings import Finding
from orch_next.migrate.settings.text import read_text
from orch_next.migrate.settings.told import info, problem
from orch_next.migrate.settings.tree import is_plain, place

_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(?P<file>\S.*)")
_PER_LINE = re.compile(r"\s--(?:hash|config-settings?|global-option)[ =]\S+")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_NAME = re.compile(r"requirements[\w.-]*\.txt\Z")


@dataclass(frozen=True)
class Asked:
    """One requirement of the legacy, with its place; `name` is the normalized one."""

    name: str
    requirement: Requirement
    where: str
    is_constraint: bool = False


@dataclass(frozen=True)
class Reading:
    """What a file and its includes ask for, and the files that were read."""

    asked: tuple[Asked, ...]
    findings: tuple[Finding, ...]
    files: tuple[Path, ...]


def find_requirements(root: Path) -> list[Path]:
    """List the requirement files of a MOC root: beside it, in ORCH, and in requirements/."""
    folders = (root, root / "ORCH", root / "requirements")
    found = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    return [p for p in found if is_plain(p) and (_NAME.match(p.name.lower()) or _is_part(p))]


def read_requirements(root: Path, path: Path) -> Reading:
    """Read a file with what it includes, each file once; what cannot be read is a finding."""
    reader = _Reader(root)
    reader.read(path, is_constraint=False)
    return Reading(tuple(reader.asked), tuple(reader.findings), tuple(reader.files))


def parse_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield logical lines without comments and options of one requirement, with their number."""
    start, held = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        if line.rstrip().endswith("\\") and not line.lstrip().startswith("#"):
            held += line.rstrip()[:-1] + " "
            continue
        logical = _PER_LINE.sub("", _COMMENT.sub("", held + line)).strip()
        if logical:
            yield start, logical
        start, held = 0, ""
    if held.strip():
        yield start, _PER_LINE.sub("", held).strip()


class _Reader:
    def __init__(self, root: Path) -> None:
        self._root = root
        self.asked: list[Asked] = []
        self.findings: list[Finding] = []
        self.files: list[Path] = []

    def read(self, path: Path, *, is_constraint: bool) -> None:
        self.files.append(path)
        text = read_text(path)
        if text.encoding not in ("utf-8", "utf-8-sig"):
            self.findings.append(_encoding(place(self._root, path), text.encoding))
        for number, line in parse_lines(text.text):
            self._line(path, number, line, is_constraint)

    def _line(self, path: Path, number: int, line: str, is_constraint: bool) -> None:
        where = place(self._root, path, number)
        if include := _INCLUDE.match(line):
            self._include(path, include["file"].strip("'\""), where, line.startswith(("-c", "--c")))
        elif line.startswith("-"):
            self._option(line, where)
        else:
            self._requirement(line, where, is_constraint)

    def _include(self, path: Path, file: str, where: str, is_constraint: bool) -> None:
        target = (path.parent / file).resolve()
        if target in (one.resolve() for one in self.files):
            return
        if "://" in file or not is_plain(target):
            self.findings.append(_missing(where, file))
        else:
            self.read(target, is_constraint=is_constraint)

    def _option(self, line: str, where: str) -> None:
        option = re.split(r"[ =]", line, maxsplit=1)[0]
        egg = _EGG.search(line)
        if option in ("-e", "--editable") and egg:
            self._requirement(egg[1], where, False)
        else:  # an index's URL may hold a password: the option's name only
            self.findings.append(_not_compared(where, option))

    def _requirement(self, line: str, where: str, is_constraint: bool) -> None:
        try:
            found = Requirement(line)
        except InvalidRequirement:
            self.findings.append(_bad(where))
            return
        name = canonicalize_name(found.name)
        self.asked.append(Asked(name, found, where, is_constraint))


def _is_part(path: Path) -> bool:
    return path.parent.name == "requirements" and path.suffix == ".txt"


def _encoding(where: str, encoding: str) -> Finding:
    return info(
        "encoding",
        where,
        f"this file is {encoding}, which pip may not read; it was read all the same",
        f"このファイルは {encoding} です。pip では読めないことがありますが、ここでは読みました",
    )


def _missing(where: str, file: str) -> Finding:
    name = "an address" if "://" in file else file
    return problem(
        "include_missing",
        where,
        f"{name} is included here and cannot be read, so it was not compared",
        f"取り込み先 {name} を読めないため、比較していません",
    )


def _not_compared(where: str, option: str) -> Finding:
    return info(
        "option_not_compared",
        where,
        f"{option} is an option of pip and asks for no package by name",
        f"{option} は pip の選択肢で、パッケージ名の指定ではありません",
    )


def _bad(where: str) -> Finding:
    return problem(
        "bad_requirement",
        where,
        "this line is no requirement that pip could read; it was not compared",
        "pip が読める要求の行ではないため、比較していません",
    )
