"""The agents' registry: who registered, who is alive, what they reported (contract 1.2, D39)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from orch_next.clock import find_local
from orch_next.errors import InputError, NotFoundError, RuleError
from orch_next.storage.json_files import JsonRecords

Agent: TypeAlias = dict[str, Any]

MOST_AGENTS = 1_000
# What the second generation of the legacy kept (contract 1.2, report).
KEPT_REPORTS = 100
LONGEST_REPORT = 65_536
MOST_REPORTS_BYTES = 262_144
MOST_TAGS = 100
# How old a heartbeat in the file may be when another one comes and is not written.
REST = timedelta(seconds=5)
STATUSES = ("registered", "active", "inactive", "offline", "error")
ROLES = ("CMD", "WORK", "AUDIT", "SYSTEM")
# Kept in the file beside the contract's keys, and shown to nobody.
_REGISTRAR = "registered_by"
_STRICT_ID = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = {"id": 64, "name": 200, "status": 32, "worktree": 1_000}
_LONGEST_CAPABILITY = 100


class Agents:
    """The rules over one registry file; each agent keeps the keys that we do not know.

    An agent whose last heartbeat is more than `offline_after` seconds old is not `online`.
    """

    def __init__(
        self, file: JsonRecords, *, now: Callable[[], datetime], offline_after: float
    ) -> None:
        self._file, self._now = file, now
        self._patience = timedelta(seconds=offline_after)

    def list_agents(self) -> list[Agent]:
        """Return every agent with the contract's keys and the additive `online`."""
        return [self._shown(row) for row in self._file.read() if isinstance(row, dict)]

    def registrar(self, key: str) -> str | None:
        """Return the id of the identity that added the agent, empty for nobody's, None for none."""
        row = _find(self._file.read(), key)
        return None if row is None else str(row.get(_REGISTRAR) or "")

    def register(self, given: Mapping[str, Any], by: str = "") -> str:
        """Add an agent, or overwrite its status, name and tags; return its id.

        Without an id it is `agent-<epoch>`, made unique. `by` is the identity that adds it.
        """
        fields = {"status": text(given, "status") or "registered", "tags": _tags(given)}
        fields |= _second_generation(given)
        name, wanted = text(given, "name"), agent_id(given)

        def change(rows: list[Any]) -> str:
            key = wanted or self._free_id(rows)
            row = self._find_or_add(rows, key, by)
            row.update({"name": name or key, **fields, "updated_at": self._stamp()})
            return key

        return self._file.edit(change)

    def beat(self, key: str, by: str = "") -> None:
        """Note a sign of life: status `active` and `heartbeat_at`; an unknown agent is added."""

        if self._has_just_beaten(key):
            return

        def change(rows: list[Any]) -> None:
            row = self._find_or_add(rows, key, by)
            row.update(status="active", heartbeat_at=self._stamp())

        self._file.edit(change)

    def _has_just_beaten(self, key: str) -> bool:
        """Tell whether the file says so already: it is not written for each sign of life."""
        row = _find(self._file.read(), key)
        beat = parse_stamp(row.get("heartbeat_at")) if row else None
        if row is None or row.get("status") != "active" or beat is None:
            return False
        return timedelta() <= self._now() - beat < min(REST, self._patience / 4)

    def report(self, key: str, payload: Mapping[str, Any], by: str = "") -> None:
        """Keep a report, the last 100 of each agent within 256 KB; never a lease's token."""
        data = {name: value for name, value in payload.items() if name != "token"}
        if len(json.dumps(data)) > LONGEST_REPORT:
            raise InputError(f"a report has at most {LONGEST_REPORT} characters")

        def change(rows: list[Any]) -> None:
            row = self._find_or_add(rows, key, by)
            known = row.get("reports")
            kept = known if isinstance(known, list) else []
            entry = {"timestamp": self._stamp(), "data": data}
            row["reports"] = _newest([*kept, entry][-KEPT_REPORTS:])

        self._file.edit(change)

    def update(self, given: Mapping[str, Any]) -> Agent:
        """Change the given members of a known agent; raise NotFoundError, InputError."""
        key = strict_id(given)
        fields = _checked_update(given)

        def change(rows: list[Any]) -> Agent:
            row = _find(rows, key)
            if row is None:
                raise NotFoundError(f"Agent {key} not found")
            row.update({**fields, "updated_at": self._stamp()})
            return self._shown(row)

        return self._file.edit(change)

    def remove(self, key: str) -> int:
        """Take the agents of that id out; return how many there were."""

        def change(rows: list[Any]) -> int:
            kept = [row for row in rows if not _is(row, key)]
            gone = len(rows) - len(kept)
            rows[:] = kept
            return gone

        return self._file.edit(change)

    def _find_or_add(self, rows: list[Any], key: str, by: str) -> Agent:
        found = _find(rows, key)
        if found is not None:
            return found
        if len(rows) >= MOST_AGENTS:
            raise RuleError(f"the registry is full ({MOST_AGENTS} agents): remove some")
        made: Agent = {"id": key, "name": key, "status": "registered", "tags": []}
        made |= {"updated_at": self._stamp(), "reports": []}
        made |= {_REGISTRAR: by} if by else {}
        rows.append(made)
        return made

    def _free_id(self, rows: list[Any]) -> str:
        base = f"agent-{int(self._now().timestamp())}"
        names = [base, *(f"{base}-{number}" for number in range(2, len(rows) + 3))]
        return next(name for name in names if _find(rows, name) is None)

    def _shown(self, row: Agent) -> Agent:
        key = row.get("id", "")
        filled: Agent = {"id": key, "name": key, "status": "unknown", "tags": []}
        filled |= {"updated_at": "", "heartbeat_at": "", "reports": []}
        shown = {name: value for name, value in row.items() if name != _REGISTRAR}
        return {**filled, **shown, "online": self._is_online(row)}

    def _is_online(self, row: Agent) -> bool:
        beats = [parse_stamp(row.get(name)) for name in ("heartbeat_at", "last_seen")]
        known = [beat for beat in beats if beat is not None]
        return bool(known) and self._now() - max(known) <= self._patience

    def _stamp(self) -> str:
        # Local naive ISO with microseconds, style 1 of contract 0.2.
        return self._now().astimezone().replace(tzinfo=None).isoformat(timespec="microseconds")


def _newest(reports: list[Any]) -> list[Any]:
    """Return the newest reports that have room together; at least the last one."""
    size, kept = 0, 0
    for report in reversed(reports):
        size += len(json.dumps(report))
        if kept and size > MOST_REPORTS_BYTES:
            break
        kept += 1
    return reports[-kept:]


def parse_stamp(stamp: Any) -> datetime | None:
    """Return the moment of an ISO stamp, naive ones being local; None when it is none."""
    return find_local(stamp) if isinstance(stamp, str) else None


def text(given: Mapping[str, Any], name: str) -> str:
    """Return a short printable text member, empty when absent; raise `InputError`."""
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST[name]:
        raise InputError(f"{name} must be text of at most {_LONGEST[name]} printable characters")
    return value.strip()


def agent_id(given: Mapping[str, Any]) -> str:
    """Return `id`, or the legacy's `agent_id`; empty when neither is there."""
    return text(given, "id") or text({"id": given.get("agent_id")}, "id")


def strict_id(given: Mapping[str, Any]) -> str:
    """Return the id by the second generation's rules and in its words (contract 1.2, update)."""
    value = given.get("id")
    if not value:
        raise InputError("Required field 'id' is missing or empty")
    if not isinstance(value, str) or len(value) > _LONGEST["id"]:
        raise InputError("Agent ID must be a string between 1-64 characters")
    if not _STRICT_ID.fullmatch(value):
        raise InputError(
            "Agent ID can only contain alphanumeric characters, hyphens, and underscores"
        )
    return value


def _checked_update(given: Mapping[str, Any]) -> Agent:
    status = given.get("status")
    if status is not None and status not in STATUSES:
        raise InputError(f"Status must be one of: {', '.join(STATUSES)}")
    fields = _second_generation(given)
    if status is not None:
        fields["status"] = status
    if given.get("name") is not None:
        fields["name"] = text(given, "name")
    if given.get("tags") is not None:
        fields["tags"] = _tags(given)
    return fields


def _second_generation(given: Mapping[str, Any]) -> Agent:
    """Return the checked `role`, `worktree` and `capabilities` that are given."""
    fields: Agent = {}
    if given.get("role") is not None:
        if given["role"] not in ROLES:
            raise InputError(f"Role must be one of: {', '.join(ROLES)}")
        fields["role"] = given["role"]
    if given.get("worktree") is not None:
        fields["worktree"] = text(given, "worktree")
    if given.get("capabilities") is not None:
        fields["capabilities"] = _capabilities(given["capabilities"])
    return fields


def _capabilities(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise InputError("Capabilities must be an array")
    for one in value:
        if not isinstance(one, str) or len(one) > _LONGEST_CAPABILITY:
            raise InputError("Each capability must be a string with max 100 characters")
    _refuse_many("capabilities", value)
    return value


def _tags(given: Mapping[str, Any]) -> list[Any]:
    tags = given.get("tags")
    if tags is None:
        return []
    if not isinstance(tags, list):
        raise InputError("tags must be an array")
    _refuse_many("tags", tags)
    return tags


def _refuse_many(name: str, given: list[Any]) -> None:
    if len(given) > MOST_TAGS or len(json.dumps(given)) > LONGEST_REPORT:
        raise InputError(f"{name} has at most {MOST_TAGS} members, {LONGEST_REPORT} characters")


def _find(rows: list[Any], key: str) -> Agent | None:
    return next((row for row in rows if _is(row, key)), None)


def _is(row: Any, key: str) -> bool:
    return isinstance(row, dict) and row.get("id") == key
