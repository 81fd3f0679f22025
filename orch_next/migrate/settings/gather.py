"""Turn old values into settings, secrets and what is kept; say of each what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orch_next.config import check_settings
from orch_next.errors import ConfigError
from orch_next.migrate.findings import Finding
from orch_next.migrate.settings.environment import NAMES
from orch_next.migrate.settings.json_lines import put_path
from orch_next.migrate.settings.reasons import REASONS
from orch_next.migrate.settings.rules import CODE, Rule, Verdict, judge
from orch_next.migrate.settings.safety import Doubt, doubt_of, tell_unsafe
from orch_next.migrate.settings.secrets import (
    HOMES,
    SECRET_SETTINGS,
    SECRETS_FILE,
    is_secret,
    is_worthless,
)
from orch_next.migrate.settings.sources import Item, Sources
from orch_next.migrate.settings.told import info, problem, warning

_EMPTY: tuple[Any, ...] = (None, "", [], ())


@dataclass
class Gathered:
    """The result: by setting its value and place; secrets by home; old values by file.

    `table` has a row per old key for the report; a secret's value stands in none of them.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    kept_secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    obsolete: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: dict[str, dict[str, Any]] = field(default_factory=dict)
    duplicates: list[dict[str, Any]] = field(default_factory=list)
    table: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def gather(sources: Sources) -> Gathered:
    """Go through the old values, the one that wins first."""
    into = Gathered(findings=list(sources.findings))
    closed = {item.file for item in sources.items if _closes_cors(item)}
    for item in sorted(sources.items, key=lambda one: one.known_as != SECRETS_FILE):
        if item.file in closed and item.path[-1] in ("allowed_origins", "cors_origins"):
            _keep(into.obsolete, item)
            _row(into, item, "obsolete", "always")
        else:
            _take(into, item)
    for item in sources.doubled:
        _keep_double(into, item)
    return into


def _take(into: Gathered, item: Item) -> None:
    home = home_of(item)
    doubt = doubt_of(item)
    if doubt is not None:
        into.findings.append(tell_unsafe(doubt, item))
    if doubt in (Doubt.DEBUG, Doubt.CONSTANT):
        if doubt is Doubt.CONSTANT and item.kind != "code" and not is_worthless(item.value):
            into.kept_secrets.setdefault(item.file, {})[item.key] = item.value
        _row(into, item, "unsafe", "")
    elif home or item.known_as == SECRETS_FILE or is_secret(item.key, item.value):
        _take_secret(into, item, home)
    else:
        _take_value(into, item, _verdict(item))


def _closes_cors(item: Item) -> bool:
    return item.key.endswith("cors.enabled") and item.value is False


def home_of(item: Item) -> str:
    """Return the name in config/secrets.json that the program reads for this secret, or nothing."""
    if item.kind != "environment":
        last, last_two = item.path[-1], ".".join(item.path[-2:])
        home = HOMES.get(item.key) or HOMES.get(last_two) or HOMES.get(last)
        is_setting = last in SECRET_SETTINGS and is_secret(item.key, item.value)
        return home or (last if is_setting else "")
    setting = NAMES[item.key].setting if item.key in NAMES else ""
    is_url = setting in ("database_url", "redis_url", "webhook_out_url")
    if is_url and not is_secret(item.key, item.value):
        return ""
    return setting if setting in SECRET_SETTINGS | set(HOMES.values()) else ""


def _verdict(item: Item) -> Verdict:
    if item.kind != "environment":
        return judge(item.known_as, item.key)
    name = NAMES.get(item.key)
    if name is None:
        return Verdict("unknown")
    if name.setting:
        rule = judge(CODE, name.setting).rule
        return Verdict("setting", rule or Rule(name.setting))
    return Verdict(
        "obsolete", reason={"root": "code", "debug": "always"}.get(name.reason, name.reason)
    )


def _take_secret(into: Gathered, item: Item, home: str) -> None:
    if item.value in _EMPTY:
        _row(into, item, "obsolete", "")
        return
    if is_worthless(item.value) and not home:  # a sample that nothing reads harms nobody
        into.kept_secrets.setdefault(item.file, {})[item.key] = item.value
        _row(into, item, "secret", f"kept: {item.file}")
        return
    if is_worthless(item.value):
        into.findings.append(tell_unsafe(Doubt.SAMPLE, item))
        _row(into, item, "unsafe", "")
        return
    _take_real_secret(into, item, home)


def _take_real_secret(into: Gathered, item: Item, home: str) -> None:
    kept = into.kept_secrets.setdefault(item.file, {})
    if home and into.secrets.setdefault(home, item.value) == item.value:
        _row(into, item, "secret", home)
        return
    if home:
        into.findings.append(_conflict(item, home, "config/secrets.json"))
    kept[item.key] = item.value
    _row(into, item, "secret", f"kept: {item.file}")


def _take_value(into: Gathered, item: Item, verdict: Verdict) -> None:
    if item.value is None and item.kind == "environment":
        into.findings.append(_computed(item))
        _row(into, item, "unknown", "")
    elif verdict.rule:
        _set(into, item, verdict.rule)
    elif verdict.fate in ("obsolete", "unsafe"):  # debug mode that is off is as it should be
        _keep(into.obsolete, item)
        _row(into, item, "obsolete", verdict.reason or "always")
    elif item.kind == "code":
        _row(into, item, "unknown", "")
    else:
        _keep(into.unknown, item)
        into.findings.append(_shape(item) if verdict.fate == "wrong_type" else _unknown(item))
        _row(into, item, verdict.fate, "")


def _set(into: Gathered, item: Item, rule: Rule) -> None:
    try:
        value = _cleared(rule.setting, rule.turn(item.value))
        checked = getattr(check_settings({rule.setting: value}), rule.setting)
    except (ConfigError, ValueError, TypeError) as error:
        _keep(into.unknown, item)
        into.findings.append(_useless(item, rule.setting, error))
        _row(into, item, "wrong_type", rule.setting)
        return
    value = list(checked) if isinstance(checked, tuple) else checked
    if item.value in _EMPTY or (rule.setting == "cors_origins" and not value):
        _row(into, item, "obsolete", "")
        return
    is_first = rule.setting not in into.settings
    first = into.settings.setdefault(rule.setting, value)
    where = into.origins.setdefault(rule.setting, f"{item.where} {item.key}")
    if not is_first:
        _keep(into.obsolete, item)
    if first != value and item.kind != "code":  # a file is there to differ from the code
        into.findings.append(_conflict(item, rule.setting, where))
    _row(into, item, "setting", rule.setting, first == value)


def _cleared(setting: str, value: Any) -> Any:
    """Leave `*` out of the origins; `safety` has told of it."""
    if setting != "cors_origins":
        return value
    parts = value.split(",") if isinstance(value, str) else value
    return [one for one in parts if one != "*"] if isinstance(parts, list) else parts


def _keep(where: dict[str, dict[str, Any]], item: Item) -> None:
    put_path(where.setdefault(item.file, {}), item.path, item.value)


def _keep_double(into: Gathered, item: Item) -> None:
    if is_secret(item.key, item.value) or home_of(item):
        into.kept_secrets.setdefault(item.file, {})[f"{item.key} ({item.where})"] = item.value
    else:
        row: dict[str, Any] = {"where": item.where, "key": item.key, "value": item.value}
        into.duplicates.append(row)


def _row(into: Gathered, item: Item, fate: str, to: str, is_used: bool = True) -> None:
    row: dict[str, Any] = {"where": item.where, "key": item.key, "fate": fate, "to": to}
    if fate == "setting":
        row |= {"value": into.settings[to], "used": is_used}
    if fate == "obsolete" and to:
        row |= dict(zip(("reason", "reason_ja"), REASONS[to], strict=True))
    into.table.append(row)


def _conflict(item: Item, name: str, where: str) -> Finding:
    return warning(
        "setting_conflict",
        item.where,
        f"{item.key} disagrees about {name}, which was taken from {where}",
        f"{item.key} は {name} について {where} と食い違うため、後者を使いました",
    )


def _unknown(item: Item) -> Finding:
    return warning(
        "unknown_key",
        item.where,
        f"{item.file}: {item.key} is not known; it is kept under `unknown`",
        f"{item.file}: {item.key} は未知のキーです。`unknown` にそのまま残します",
    )


def _shape(item: Item) -> Finding:
    return problem(
        "wrong_type",
        item.where,
        f"{item.file}: {item.key} has not the shape that the legacy gave it; kept under `unknown`",
        f"{item.file}: {item.key} の形が従来と違います。`unknown` に残します",
    )


def _useless(item: Item, setting: str, error: Exception) -> Finding:
    return problem(
        "wrong_type",
        item.where,
        f"{item.key} cannot become {setting} ({error}); it is kept under `unknown`",
        f"{item.key} は {setting} にできません ({error})。`unknown` に残します",
    )


def _computed(item: Item) -> Finding:
    return info(
        "computed_value",
        item.where,
        f"{item.key} is computed when the script runs, and scripts are never run here: set it "
        "yourself where it is needed",
        f"{item.key} は実行時に決まる値です。スクリプトは実行しないので、必要なら設定してください",
    )
