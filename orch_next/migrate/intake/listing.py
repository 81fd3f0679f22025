"""The files below a folder of the old house, and what in it is no file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_next.migrate.bounds import leads_out
from orch_next.migrate.facts import Kind, glance
from orch_next.migrate.findings import Finding
from orch_next.migrate.intake.finding import finding


@dataclass(frozen=True)
class Found:
    """One path; `name` is relative to the source, with slashes."""

    name: str
    path: Path
    kind: Kind
    size: int
    link: str = ""


@dataclass(frozen=True)
class Listing:
    """Files, sorted by name, and the findings about everything else."""

    files: tuple[Found, ...]
    findings: tuple[Finding, ...]

    @property
    def total(self) -> int:
        """Return the bytes of all files."""
        return sum(one.size for one in self.files)


def list_files(
    source: Path, folders: Sequence[str], skip: Callable[[str], bool] = lambda _name: False
) -> Listing:
    """List the files below some folders of the source but those whose name `skip` takes.

    Links are neither followed nor listed as files.
    """
    found = [one for folder in folders for one in _walk(source, folder, skip)]
    files = [one for one in found if isinstance(one, Found) and one.kind == "file"]
    others = [one for one in found if not (isinstance(one, Found) and one.kind == "file")]
    return Listing(
        tuple(sorted(files, key=lambda one: one.name)),
        tuple(one if isinstance(one, Finding) else _about(one) for one in others),
    )


def _about(one: Found) -> Finding:
    if one.kind == "symlink":
        return finding("link-left", one.name, one.link)
    return finding("not-a-file", one.name)


def _walk(source: Path, folder: str, skip: Callable[[str], bool]) -> Iterator[Found | Finding]:
    failed: list[OSError] = []
    top = source / folder
    if top.is_symlink() or leads_out(source, top):
        yield _as_found(source, top)
        return
    for here, names, files in os.walk(top, onerror=failed.append):
        paths = [Path(here, name) for name in sorted([*names, *files])]
        for path in paths:
            name = path.relative_to(source).as_posix()
            if skip(name):
                names[:] = [one for one in names if one != path.name]
            elif (one := _as_found(source, path)).kind != "folder":
                yield one
    for error in failed:
        if not isinstance(error, FileNotFoundError):
            where = Path(error.filename).relative_to(source).as_posix()
            yield finding("unreadable", where, error.strerror or error)


def _as_found(source: Path, path: Path) -> Found:
    fact = glance(path)
    return Found(path.relative_to(source).as_posix(), path, fact.kind, fact.size, fact.link)
