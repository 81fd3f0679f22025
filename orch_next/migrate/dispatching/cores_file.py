"""`config/cores.toml`: entries for the legacy's cores, added behind what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orch_next.errors import MigrationError
from orch_next.migrate.dispatching.calls import Call
from orch_next.storage.toml_settings import parse_toml

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_HEAD = "# Who works. Each core is named [cores.<coreId>]; see docs/dispatcher.md.\n"
DEFAULT_INTERVAL = 5


@dataclass(frozen=True)
class Found:
    """A core of the legacy: how it was called, and the places that say so."""

    core_id: str
    stay: bool
    integration: bool
    interval: int | None
    places: tuple[str, ...]

    @property
    def role(self) -> str:
        """Return the part before the first `_`: `WORK` for `WORK_AI_01` (contract 5.3)."""
        return self.core_id.split("_", 1)[0]

    @property
    def command(self) -> str:
        """Return the command line that does here what the legacy's call did."""
        parts = ["orch-next", "dispatch", "--core-id", self.core_id]
        parts += ["--stay"] if self.stay else []
        parts += ["--enable-orch-integration"] if self.integration else []
        parts += ["--interval", str(self.interval)] if self.interval else []
        return " ".join(parts)


def collect(calls: Iterable[tuple[str, Call]]) -> list[Found]:
    """Join calls of one core, sorted by id: a switch counts when any call sets it, the
    shortest interval wins.
    """
    by_core: dict[str, list[tuple[str, Call]]] = {}
    for where, call in calls:
        if call.core_id:
            by_core.setdefault(call.core_id, []).append((where, call))
    return [_join(core, found) for core, found in sorted(by_core.items())]


def known_cores(text: str) -> Mapping[str, object]:
    """Return the cores that a file names; raise MigrationError when it is no cores.toml."""
    try:
        cores = parse_toml(text).get("cores", {})
    except ValueError as error:
        raise MigrationError(f"config/cores.toml: {error}") from error
    if not isinstance(cores, dict):
        raise MigrationError("config/cores.toml: cores must be tables")
    return cores


def add_cores(text: str, cores: Sequence[Found]) -> str:
    """Return the file with entries for the cores that it does not name; the rest stays as it is.

    Raise MigrationError when the result would not be TOML (an inline table `cores = {...}`).
    """
    known = known_cores(text)
    new = [one for one in cores if one.core_id not in known]
    if not new:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    head = text if text else _HEAD
    gap = "" if head.endswith("\n") else end
    entries = "".join(end + _entry(one, end) for one in new)
    result = (head if text else head.replace("\n", end)) + gap + entries
    if set(known_cores(result)) != set(known) | {one.core_id for one in new}:
        raise MigrationError("config/cores.toml cannot be added to")
    return result


def _entry(one: Found, end: str) -> str:
    name = one.core_id if _BARE.match(one.core_id) else f'"{one.core_id}"'
    lines = [
        f"# From {', '.join(one.places)}. The same session here:",
        f"#   {one.command}",
        f"[cores.{name}]",
        f'role = "{one.role}"',
        'mode = "pull"',
        "limit = 1",
        # What no call set is left to the contract's default.
        *(["stay = true"] if one.stay else []),
        *(["orch_integration = true"] if one.integration else []),
        *([f"interval_seconds = {one.interval}"] if one.interval else []),
    ]
    return "".join(_plain(line) + end for line in lines)


def _plain(line: str) -> str:
    """Leave out what TOML does not allow in a comment: control characters in a file's name."""
    return "".join(char if char >= " " and char != "\x7f" else " " for char in line)


def _join(core: str, found: Sequence[tuple[str, Call]]) -> Found:
    intervals = [call.interval for _, call in found if call.interval]
    return Found(
        core,
        any(call.stay for _, call in found),
        any(call.integration for _, call in found),
        min(intervals, default=None),
        tuple(dict.fromkeys(where for where, _ in found)),
    )
