"""One way for each kind of thing: where the calls may stand that make a second one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tests.source_code import package_files, parse, shown

# call -> the modules that make it; whoever else wants it asks one of these
MOMENTS = {"orch_next/clock.py": "the reader and writer of moments"}

TOML = {"orch_next/storage/toml_settings.py": "the reader of settings files"}

LOCKS = {
    "orch_next/storage/process_locks.py": "the lock for a moment, and for life",
    "orch_next/storage/leader.py": "taken and given back at any time, by no block of code",
    "orch_next/dispatcher/owner.py": "taken and given back at any time, by no block of code",
}

# Calls of Path, os, shutil and our Disk that give a file a name, or bring one to the disk.
NAMING = {
    *("fsync", "fdatasync", "rename", "renames", "link", "hardlink_to", "symlink", "symlink_to"),
    *("move", "write_text", "write_bytes", "name_new", "replace_into", "exchange"),
}
WRITERS = {
    "orch_next/storage/disk.py": "the system's calls themselves",
    "orch_next/storage/atomic.py": "the writer of whole files",
    "orch_next/ledger/temp.py": "a ledger's draft is known by its name",
    "orch_next/ledger/swap.py": "a ledger's editor must not lose a save",
    "orch_next/migrate/durable.py": "files with their marks, in a folder that is held open",
    "orch_next/migrate/backup.py": "a backup is a second name where it can be one",
    "orch_next/migrate/own_key.py": "the account's own also where root works in another's folder",
    "orch_next/migrate/undo.py": "what is newer is moved aside with all its marks",
}


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


def puts_in_place(tree: ast.AST) -> Iterator[str]:
    """Yield the calls that bring a file to the disk or give it a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, is_path = node.func.attr, len(node.args) == 1 and not node.keywords
            # A string's `replace` has two arguments, a moment's has names.
            if name in NAMING or (name == "replace" and (is_path or _is_disk(node.func.value))):
                yield name


def _is_disk(value: ast.AST) -> bool:
    """Tell whether a value is `os`, `disk` or `something.disk`."""
    name = value.id if isinstance(value, ast.Name) else getattr(value, "attr", "")
    return name in ("os", "disk", "_disk")


def writers() -> dict[str, list[str]]:
    """Return the calls that put files in place, by module."""
    found = {shown(path): sorted(set(puts_in_place(parse(path)))) for path in package_files()}
    return {name: calls for name, calls in found.items() if calls}


def test_moments_are_read_in_one_place() -> None:
    names = {"fromisoformat", "strptime", "strftime"}
    assert (offenders(names, MOMENTS), unused(names, MOMENTS)) == ([], [])


def test_settings_files_are_read_in_one_place() -> None:
    names = {"tomllib", "tomli"}
    assert (offenders(names, TOML), unused(names, TOML)) == ([], [])


def test_processes_lock_each_other_out_in_one_way() -> None:
    names = {"filelock", "FileLock", "flock", "lockf"}
    assert (offenders(names, LOCKS), unused(names, LOCKS)) == ([], [])


def test_files_are_put_in_place_by_the_writers() -> None:
    found = writers()
    strangers = {name: calls for name, calls in found.items() if name not in WRITERS}
    assert (strangers, sorted(set(WRITERS) - set(found))) == ({}, [])


def test_a_second_way_is_noticed() -> None:
    tree = ast.parse("import os\nfrom filelock import FileLock as 錠\nos.fsync(3)\nFileLock(1)")
    names = frozenset({"fsync", "FileLock", "filelock"})
    assert sorted(uses(tree, names)) == ["FileLock", "FileLock", "filelock", "fsync"]


def test_a_second_writer_is_noticed() -> None:
    code = """
import os
os.replace(一, 二)
草案.replace(台帳)
job.disk.replace(草案, 台帳)
文.replace("a", "b")
時.replace(tzinfo=None)
草案.write_text("行", encoding="utf-8")
"""
    assert list(puts_in_place(ast.parse(code))) == ["replace"] * 3 + ["write_text"]
