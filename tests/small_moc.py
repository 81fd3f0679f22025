"""Test tool: a small MOC tree of given files, and the house that moves it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from orch_next.migrate.changes import Change, Put
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House, Options

NOW = datetime(2025, 10, 9, 3, 0, tzinfo=timezone.utc)


def make_moc(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write files below `folder`/MOC 日本: text, bytes, or JSON."""
    root = folder / "MOC 日本"
    (root / "ORCH" / "STATE").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content, ensure_ascii=False, indent=2)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def make_house(
    folder: Path,
    files: Mapping[str, Any],
    *,
    same: bool = False,
    **options: Any,
) -> House:
    """Return the house that moves these files, into another folder or into their own."""
    source = make_moc(folder, files).resolve()
    target = source if same else (folder / "next").resolve()
    target.mkdir(exist_ok=True)
    return House(source, target, NOW, Options(**options))


def contents(changes: Iterable[Change]) -> dict[str, bytes]:
    """Return path -> what the file will hold."""
    found = {}
    for one in changes:
        assert isinstance(one, Put)
        found[str(one.path)] = one.origin.read_bytes() if one.origin else one.content or b""
    return found


def modes(changes: Iterable[Change]) -> dict[str, int | None]:
    """Return path -> the mode that was asked for."""
    return {str(one.path): one.mode for one in changes if isinstance(one, Put)}


def apply(house: House, changes: Iterable[Change]) -> None:
    """Write the changes into the target, as the frame does after its backup."""
    for name, content in contents(changes).items():
        path = house.target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for name, mode in modes(changes).items():
        if mode is not None:
            (house.target / name).chmod(mode)


def codes(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    """Return severity, code and place of each finding."""
    return [(one.severity, one.code, one.where) for one in findings]
