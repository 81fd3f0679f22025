"""Step `environment`: the variables of old scripts under one set of names, `ORCH_*`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from orch_next.migrate.changes import Put
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.environment import NAMES, OURS, Variable, read_variables
from orch_next.migrate.settings.gather import gather
from orch_next.migrate.settings.reasons import REASONS
from orch_next.migrate.settings.secrets import HOMES, SECRETS_FILE, is_secret
from orch_next.migrate.settings.sources import read_sources
from orch_next.migrate.settings.told import info
from orch_next.migrate.step import Phase, Work

FILE = PurePosixPath("config", OURS)
_HEAD = """\
# The environment of ORCH-Next: for systemd's EnvironmentFile=, `docker --env-file`, or a shell.
# Values that ORCH-Next reads from config/production.json and config/secrets.json need no
# variable; one that is set here wins over them.
"""


class EnvironmentStep:
    """Old variables and what they are called now."""

    name = "environment"
    phase: Phase = 1
    title = "Environment variables under one set of names"
    title_ja = "環境変数の名前を統一"

    def check(self, house: House) -> Sequence[Finding]:
        """Find nothing in the way: this step adds one file."""
        return ()

    def plan(self, house: House) -> Work:
        """List old and new names; write the values that are no secrets."""
        variables = read_variables(house.source)
        if not variables:
            return Work(counts={"variables": 0}, notes={"variables": []})
        values = gather(read_sources(house.source)).settings
        rows = [_row(house, one) for one in variables]
        content = _file(house, variables, values)
        changes = () if (house.target / FILE).exists() else (Put(FILE, content=content),)
        return Work(
            changes=changes,
            findings=tuple(_renamed(house, variables)),
            counts={"variables": len({one.name for one in variables})},
            notes={"variables": rows},
        )

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Find nothing beyond what the frame compares."""
        return ()


def new_name(variable: Variable) -> str:
    """Return the name that ORCH-Next has for it; empty where it needs none."""
    name = NAMES.get(variable.name)
    if name is None or not name.setting:
        return variable.name if variable.name in ("ORCH_ROOT", "ORCH_CONFIG") else ""
    return "" if name.setting in _FILE_ONLY else f"ORCH_{name.setting.upper()}"


# Read from config/secrets.json only (docs/configuration.md).
_FILE_ONLY = frozenset({"jwt_secret", "hmac_key"})


def _row(house: House, variable: Variable) -> dict[str, Any]:
    known = NAMES.get(variable.name)
    reason = {"root": "code", "debug": "always"}.get(known.reason, known.reason) if known else ""
    said = REASONS.get(reason, ("", ""))
    return {
        "old": variable.name,
        "new": new_name(variable) or (SECRETS_FILE if known and known.setting else ""),
        "where": variable.where(house.source),
        "still_works": bool(known and known.is_kept),
        "known": known is not None,
        "reason": said[0],
        "reason_ja": said[1],
    }


def _file(house: House, variables: Sequence[Variable], values: dict[str, Any]) -> bytes:
    lines = [_HEAD, f"ORCH_ROOT={_quoted(str(house.target / 'ORCH'))}\n"]
    for name in sorted({new_name(one) for one in variables} - {"", "ORCH_ROOT", "ORCH_CONFIG"}):
        setting = name.removeprefix("ORCH_").lower()
        if setting in HOMES.values() or setting not in values:
            lines.append(f"# {name}: see {SECRETS_FILE}\n")
        elif not is_secret(setting, values[setting]):
            lines.append(f"#{name}={_quoted(_text(values[setting]))}\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    """Quote what systemd and shells would split; `docker --env-file` takes plain values only."""
    if all(char.isalnum() or char in "/:._-,@+" for char in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _renamed(house: House, variables: Sequence[Variable]) -> Iterator[Finding]:
    for one in variables:
        name = new_name(one)
        known = NAMES.get(one.name)
        if known is None:
            yield _unknown(house, one)
        elif known.setting and not known.is_kept:
            yield _old(house, one, name or SECRETS_FILE)


def _old(house: House, one: Variable, name: str) -> Finding:
    return info(
        "variable_renamed",
        one.where(house.source),
        f"{one.name} is {name} in ORCH-Next, which does not read the old name",
        f"{one.name} は ORCH-Next では {name} です。旧名は読まれません",
    )


def _unknown(house: House, one: Variable) -> Finding:
    return info(
        "unknown_variable",
        one.where(house.source),
        f"{one.name} means nothing to ORCH-Next; your own scripts may need it",
        f"{one.name} は ORCH-Next では使われません。ご自身のスクリプトが使うかもしれません",
    )
