"""Read `config/rules.toml`: which rules are on, and what each is tuned to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orch_next.errors import ConfigError
from orch_next.regular import MOST_SMALL, read_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RULES_FILE = Path("config") / "rules.toml"
SEVERITIES = ("critical", "high", "medium", "low")

Tuning = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule: the contract's id, name, category and severity, and its tuning."""

    key: str
    id: str
    name: str
    category: str
    severity: str
    description: str
    tuning: Tuning = field(default_factory=dict)
    enabled: bool = True
    exclude: tuple[str, ...] = ()

    def covers(self, file: str) -> bool:
        """Tell whether a file (relative, with `/`) is this rule's business."""
        return not matches(file, self.exclude)


@dataclass(frozen=True)
class RulesConfig:
    """All rules, and which files are looked at."""

    rules: tuple[Rule, ...]
    exclude: tuple[str, ...]
    most_files: int
    most_bytes: int

    def get(self, key: str) -> Rule:
        """Return the rule with this key of the file."""
        return next(rule for rule in self.rules if rule.key == key)


_TEXT = (
    *(".md", ".txt", ".py", ".ps1", ".psm1", ".json", ".toml", ".yml", ".yaml", ".html", ".css"),
    *(".js", ".ts", ".sh", ".bat", ".cmd", ".csv", ".cfg", ".ini", ".sql", ".xml"),
)
_LF = (
    *(".md", ".py", ".json", ".toml", ".yml", ".yaml", ".html", ".css", ".js", ".ts", ".sh"),
    *(".txt", ".cfg", ".sql"),
)
DEFAULT = RulesConfig(
    rules=(
        Rule(
            *("eol", "rule_001", "EOL Rule", "Format", "high"),
            "テキストファイルの改行は LF に統一する",
            MappingProxyType({"extensions": _LF}),
        ),
        Rule(
            *("python", "rule_002", "Python Rule", "Code Quality", "medium"),
            "Python コードは ruff format の書式に従う",
            MappingProxyType({"seconds": 60}),
        ),
        Rule(
            *("powershell", "rule_003", "PowerShell Rule", "Security", "high"),
            "変更を行う PowerShell スクリプトは既定でドライランにする",
            MappingProxyType({"extensions": (".ps1",)}),
        ),
        Rule(
            *("backup", "rule_004", "Backup Rule", "Safety", "high"),
            "台帳にはバックアップ、または Git の履歴がある",
            MappingProxyType(
                {
                    "folders": ("backups", "data/backups", "ORCH/backups", "ORCH/STATE/backups"),
                    "max_age_days": 0,
                }
            ),
        ),
        Rule(
            *("secrets", "rule_005", "Security Rule", "Security", "critical"),
            "パスワードや鍵などの秘密情報をファイルに書かない",
            MappingProxyType({"entropy": 3.5, "min_length": 16}),
            exclude=("tests/*", "*/tests/*"),
        ),
        Rule(
            *("encoding", "rule_006", "Encoding Rule", "Format", "high"),
            "テキストファイルは UTF-8 で保存する",
            MappingProxyType({"extensions": _TEXT}),
        ),
        Rule(
            *("evidence", "rule_007", "Evidence Rule", "Safety", "medium"),
            "承認の証跡 (evidence) のパスが存在する",
        ),
        Rule(
            *("ledger", "rule_008", "Ledger Rule", "Safety", "high"),
            "台帳の値は規約 (契約 3.3) に従う",
        ),
    ),
    exclude=("tests/data/*", "*/tests/data/*", "*/fixtures/*", "LOGS/*", "*/LOGS/*"),
    most_files=20_000,
    most_bytes=1_048_576,
)


def matches(file: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a path fits one of the patterns; `*` also stands for slashes."""
    return any(fnmatchcase(file, pattern) for pattern in patterns)


def load_rules(path: Path) -> RulesConfig:
    """Read the file (a missing one changes nothing); raise `ConfigError` naming the key."""
    try:
        data = tomllib.loads(read_regular(path, MOST_SMALL).decode("utf-8"))
    except FileNotFoundError:
        return DEFAULT
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        return parse_rules(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_rules(data: Mapping[str, Any]) -> RulesConfig:
    """Put parsed TOML over the defaults; raise `ConfigError` naming the key."""
    tables = data.get("rules", {})
    if not isinstance(tables, dict):
        raise ConfigError("rules must be tables such as [rules.eol]")
    _known(data, {"rules", "exclude", "most_files", "most_bytes"}, "")
    _known(tables, {rule.key for rule in DEFAULT.rules}, "rules.")
    given = {name: _like(name, data[name], getattr(DEFAULT, name)) for name in data if name in _TOP}
    rules = tuple(_tuned(rule, tables.get(rule.key, {})) for rule in DEFAULT.rules)
    return replace(DEFAULT, rules=rules, **given)


_TOP = ("exclude", "most_files", "most_bytes")


def _tuned(rule: Rule, table: Any) -> Rule:
    name = f"rules.{rule.key}"
    if not isinstance(table, dict):
        raise ConfigError(f"{name} must be a table")
    own = {"enabled": rule.enabled, "exclude": rule.exclude, "severity": rule.severity}
    _known(table, {*own, *rule.tuning}, f"{name}.")
    read = {
        key: _like(f"{name}.{key}", value, {**own, **rule.tuning}[key])
        for key, value in table.items()
    }
    if read.get("severity", rule.severity) not in SEVERITIES:
        raise ConfigError(f"{name}.severity must be one of {', '.join(SEVERITIES)}")
    tuning = {**rule.tuning, **{key: read[key] for key in read if key in rule.tuning}}
    return replace(rule, tuning=tuning, **{key: read[key] for key in read if key in own})


def _like(name: str, value: Any, default: Any) -> Any:
    """Return the value if it has the default's type; raise `ConfigError`."""
    for kind, check in _CHECKS:
        if isinstance(default, kind):
            return check(name, value)
    raise ConfigError(f"unknown key: {name}")


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false")
    return value


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"{name} must be a whole number, 0 or more")
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 100:
        raise ConfigError(f"{name} must be a number from 0 to 100")
    return float(value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be text")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(f"{name} must be a list of texts")
    return tuple(value)


_CHECKS: tuple[tuple[type, Callable[[str, Any], Any]], ...] = (
    (bool, _flag),
    (int, _count),
    (float, _number),
    (str, _text),
    (tuple, _texts),
)


def _known(table: Mapping[str, Any], names: set[str], prefix: str) -> None:
    unknown = sorted(set(table) - names)
    if unknown:
        raise ConfigError(f"unknown key: {prefix}{unknown[0]}")
