"""The two files a migration writes: config/production.json and config/secrets.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_next.config import SECTION
from orch_next.migrate.settings.gather import Gathered
from orch_next.migrate.settings.json_lines import BadJsonError, dump_json, put_path, read_json, walk
from orch_next.migrate.settings.secrets import HOMES, SECRETS_FILE, is_worthless
from orch_next.migrate.settings.sources import PRODUCTION
from orch_next.migrate.settings.text import read_text
from orch_next.migrate.settings.tree import is_plain

_SPELLINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "jwt_secret": (("jwt_secret",), ("jwt", "secret")),
    "hmac_key": (("hmac_key",), ("hmac", "secret")),
}


@dataclass(frozen=True)
class Present:
    """What the target has already; it wins over what is migrated, so that edits survive."""

    production: Mapping[str, Any]
    secrets: Mapping[str, Any]
    secret_bytes: bytes = b""


def read_present(target: Path) -> Present:
    """Read both files of the target; raise BadJsonError or OSError for a damaged one."""
    production = _production(target / PRODUCTION)
    path = target / SECRETS_FILE
    return Present(
        production if SECTION in production else {},
        _members(path),
        path.read_bytes() if is_plain(path) else b"",
    )


def production_file(gathered: Gathered, present: Present) -> bytes:
    """Return config/production.json: settings, and old values that are none."""
    ours: dict[str, Any] = {SECTION: gathered.settings}
    for name in ("obsolete", "unknown"):
        if members := getattr(gathered, name):
            ours[name] = members
    merged = merge(present.production, ours)
    doubled = [one for one in gathered.duplicates if one not in merged.get("duplicates", [])]
    if doubled:
        merged["duplicates"] = [*merged.get("duplicates", []), *doubled]
    return dump_json(merged)


def secrets_file(gathered: Gathered, present: Present, source: Mapping[str, Any]) -> bytes:
    """Return config/secrets.json: the target's own, then `source` (the legacy's), then the rest.

    Its bytes stay as they are where nothing is added and no sample stands in it.
    """
    merged = merge(_without_samples(present.secrets), _without_samples(source))
    kept: dict[str, dict[str, Any]] = {}
    for home, value in gathered.secrets.items():
        found = _find(merged, home)
        if found is None:
            merged[home] = value
        elif found != value:
            kept.setdefault("migrated", {})[home] = value
    told = {file: members for file, members in gathered.kept_secrets.items() if members}
    kept = {**told, **kept}
    kept.pop(SECRETS_FILE, None)
    if kept:
        merged["kept"] = merge(merged.get("kept", {}), kept)
    return present.secret_bytes if merged == present.secrets else dump_json(merged)


def legacy_secrets(source: Path) -> dict[str, Any]:
    """Return the legacy's secrets.json as it is; nothing where it is missing or unreadable."""
    try:
        return _members(source / SECRETS_FILE)
    except ValueError:
        return {}  # `read_sources` tells of it and keeps the file


def merge(first: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, nested; where both say something else, the first counts."""
    merged = dict(first)
    for name, value in more.items():
        here = merged.get(name)
        if isinstance(here, Mapping) and isinstance(value, Mapping):
            merged[name] = merge(here, value)
        else:
            merged.setdefault(name, value)
    return merged


def _production(path: Path) -> dict[str, Any]:
    try:
        return _members(path)
    except BadJsonError:
        if f'"{SECTION}"' in read_text(path).text:
            raise  # ours, and somebody's edits are in it
        return {}


def _members(path: Path) -> dict[str, Any]:
    if not is_plain(path):
        return {}
    text = read_text(path).text
    read_json(text)  # raises with the line
    found: dict[str, Any] = json.loads(text)
    return found


def _without_samples(members: Mapping[str, Any]) -> dict[str, Any]:
    """Leave worthless secrets out wherever the program would read them."""
    homes = {(home,) for home in HOMES.values()} | {p for ps in _SPELLINGS.values() for p in ps}
    found: dict[str, Any] = {}
    for path, value in walk(members):
        if not (path in homes and is_worthless(value)):
            put_path(found, path, value)
    return found


def _find(members: Mapping[str, Any], home: str) -> Any:
    paths = _SPELLINGS.get(home, ((home,),))
    return next((value for path, value in walk(members) if path in paths), None)
