"""One way for each kind of thing: where the calls may stand that make a second one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tests.source_code import package_files, parse, shown

# call -> the modules that make it; whoever else wants it asks one of these
MOMENTS = {"orch_next/clock.py": "the reader and writer of moments"}

TOML = {"orch_next/storage/toml_settings.py": "the reader of settings files"}


def uses(tree: ast.AST, names: frozenset[str]) -> Iterator[str]:
    """Yield the names of calls, attributes and imports in a module that are among `names`."""
    for node in ast.walk(tree):
        found = {
            ast.Attribute: lambda one: [one.attr],
            ast.Name: lambda one: [one.id],
            ast.Import: lambda one: [alias.name for alias in one.names],
            ast.ImportFrom: lambda one: [one.module or "", *(alias.name for alias in one.names)],
        }.get(type(node), lambda _: [])(node)
        yield from (name for name in found if name in names)


def offenders(names: set[str], allowed: Mapping[str, str]) -> list[str]:
    """Return the modules that use one of the names and are not allowed to."""
    wanted = frozenset(names)
    return sorted(
        f"{shown(path)}: {name}"
        for path in package_files()
        if shown(path) not in allowed
        for name in set(uses(parse(path), wanted))
    )


def unused(names: set[str], allowed: Mapping[str, str]) -> list[str]:
    """Return the modules that are allowed to, but use none of the names any longer."""
    wanted = frozenset(names)
    using = {shown(path) for path in package_files() if any(uses(parse(path), wanted))}
    return sorted(set(allowed) - using)


def test_moments_are_read_in_one_place() -> None:
    names = {"fromisoformat", "strptime"}
    assert (offenders(names, MOMENTS), unused(names, MOMENTS)) == ([], [])


def test_settings_files_are_read_in_one_place() -> None:
    names = {"tomllib", "tomli"}
    assert (offenders(names, TOML), unused(names, TOML)) == ([], [])


def test_a_second_way_is_noticed() -> None:
    tree = ast.parse("import os\nfrom filelock import FileLock as 錠\nos.fsync(3)\nFileLock(1)")
    names = frozenset({"fsync", "FileLock", "filelock"})
    assert sorted(uses(tree, names)) == ["FileLock", "FileLock", "filelock", "fsync"]
