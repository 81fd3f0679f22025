"""Read `config/rules.toml`: which rules are on, and what each is tuned to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orch_next.storage.toml_settings import (
    Reader,
    boolean,
    load_settings_file,
    number,
    one_of,
    read_table,
    tables,
    texts,
    whole,
)

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
    return load_settings_file(path, parse_rules)


def parse_rules(data: Mapping[str, Any]) -> RulesConfig:
    """Put parsed TOML over the defaults; raise `ConfigError` naming the key."""
    given = read_table(data, {"rules": tables("eol"), **{name: _like(name) for name in _TOP}})
    rules = _all_tuned(given.pop("rules", {}))
    return replace(DEFAULT, rules=rules, **given)


_TOP = ("exclude", "most_files", "most_bytes")


def _all_tuned(given: Mapping[str, Any]) -> tuple[Rule, ...]:
    tuned = read_table(given, {rule.key: partial(_tuned, rule) for rule in DEFAULT.rules}, "rules")
    return tuple(tuned.get(rule.key, rule) for rule in DEFAULT.rules)


def _tuned(rule: Rule, name: str, table: Any) -> Rule:
    tuning = {key: _reader_of(value) for key, value in rule.tuning.items()}
    read = read_table(table, {**_OWN, **tuning}, name)
    tuned = {key: read.pop(key, value) for key, value in rule.tuning.items()}
    return replace(rule, tuning=tuned, **read)


def _like(name: str) -> Reader:
    return _reader_of(getattr(DEFAULT, name))


def _reader_of(default: Any) -> Reader:
    """Return the reader of values like a default."""
    return next(reader for kind, reader in _LIKE if isinstance(default, kind))


_OWN: Mapping[str, Reader] = {"enabled": boolean, "exclude": texts, "severity": one_of(SEVERITIES)}
_LIKE: tuple[tuple[type, Reader], ...] = ((int, whole(0)), (float, number(100)), (tuple, texts))
