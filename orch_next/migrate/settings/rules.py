"""Which old key becomes which setting, and how its value is turned (contract 7 and appendix B)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from orch_next.config import Settings
from orch_next.migrate.settings.known import KNOWN_KEYS
from orch_next.migrate.settings.reasons import reason_for

Fate = Literal["setting", "secret", "obsolete", "unsafe", "unknown", "wrong_type"]
INTEGRATED = "ORCH/integrated_config.json"
CODE = "orch_dashboard.py"
MEGABYTE = 1_048_576
_LEVELS = {"WARN": "WARNING", "CRITICAL": "ERROR", "FATAL": "ERROR"}
SETTING_NAMES = frozenset(one.name for one in fields(Settings)) - {"root"}


@dataclass(frozen=True)
class Rule:
    """The setting that a key becomes, and how; `turn` raises ValueError for a useless value."""

    setting: str
    turn: Callable[[Any], Any] = lambda value: value


def _percent(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("must be a number of percent")
    return math.ceil(value)


def _megabytes(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e6:
        raise ValueError("must be a number of megabytes")
    return math.ceil(value * MEGABYTE)


def _level(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be the name of a level")
    return _LEVELS.get(value.strip().upper(), value.strip().upper())


def _limits(prefix: str, pattern: str) -> dict[str, Rule]:
    parts = ("cpu", "memory", "disk")
    return {
        f"{prefix}{pattern.format(part)}": Rule(f"alert_{part}_percent", _percent) for part in parts
    }


RULES: Mapping[str, Mapping[str, Rule]] = {
    "config/production.json": {
        "dashboard.host": Rule("host"),
        "dashboard.port": Rule("port"),
        "logging.level": Rule("log_level", _level),
        "security.cors.allowed_origins": Rule("cors_origins"),
        "security.input_validation.max_request_size_mb": Rule("max_body_bytes", _megabytes),
        "monitoring.metrics_retention_days": Rule("history_days"),
        **_limits("alerts.thresholds.warning.", "{}_percent"),
    },
    "config/agents_api.json": {
        "security.cors_origins": Rule("cors_origins"),
        "logging.level": Rule("log_level", _level),
    },
    "config/monitoring.json": {
        "dashboard_config.host": Rule("host"),
        "dashboard_config.port": Rule("port"),
        "data_retention_days": Rule("history_days"),
    },
    "config/alert_config.json": {
        **_limits("severity_thresholds.", "{}_usage.high"),
        "monitoring.metrics_retention_days": Rule("history_days"),
    },
    "config/performance.json": _limits("thresholds.", "{}_usage_max"),
    CODE: {"host": Rule("host"), "port": Rule("port"), "log_level": Rule("log_level", _level)},
}
# These keys switch something unsafe on; they never become a setting.
DEBUG_KEYS = frozenset({"debug", "dashboard.debug", "debug_mode", "DEBUG_MODE", "FLASK_DEBUG"})
ORIGIN_KEYS = frozenset({"cors_origins", "allowed_origins", "cors_allowed_origins"})
# Sections of integrated_config.json that may hold what `OrchDashboardConfig` has.
_OWN_SECTIONS = frozenset({"dashboard", "server", "app", "orch_dashboard"})
MORE_KNOWN: Mapping[str, frozenset[str]] = {
    "config/agents_api.json": frozenset(
        {"auth.issuer", "auth.audience", "security.rate_limit_per_min"}
    ),
    # No contract records them; the steps `dispatcher` and `websocket` read them.
    INTEGRATED: frozenset(
        {
            *("dispatcher.core_id", "dispatcher.stay", "dispatcher.enable_orch_integration"),
            "dispatcher.orch_integration_interval_seconds",
            *("socketio.async_mode", "socketio.ping_interval", "socketio.ping_timeout"),
            *("socketio.max_http_buffer_size", "sse.interval_seconds", "sse.keepalive_seconds"),
            *("webhook.signature_header", "webhook.signature_verification"),
            "webhook.tolerance_seconds",
        }
    ),
}
_STEMS = {name.removeprefix("config/").removesuffix(".json"): name for name in KNOWN_KEYS}


def known_keys(file: str) -> frozenset[str]:
    """Return every key that a legacy file may have; none for a file that no contract names."""
    return KNOWN_KEYS.get(file, frozenset()) | MORE_KNOWN.get(file, frozenset())


@dataclass(frozen=True)
class Verdict:
    """What becomes of one key: its rule, or the name of the reason why it needs none."""

    fate: Fate
    rule: Rule | None = None
    reason: str = ""


def judge(file: str, key: str) -> Verdict:
    """Say what becomes of a key; of `integrated_config.json` no key is recorded, so guess by name.

    Its keys count as those of the file that its first part names (`monitoring.…`), of
    production.json, of the dashboard's own configuration, or as our settings' names.
    """
    if file != INTEGRATED:
        return _judge(file, key)
    head, _, rest = key.partition(".")
    guesses = [("config/production.json", key), (CODE, key)]
    if head in _STEMS and rest:
        guesses.insert(0, (_STEMS[head], rest))
    if head in _OWN_SECTIONS and rest:
        guesses.append((CODE, rest))
    if key.rpartition(".")[2] in ORIGIN_KEYS:
        guesses.append((CODE, "cors_origins"))
    guesses.append((INTEGRATED, key))
    verdicts = [_judge(name, inner) for name, inner in guesses]
    for fates in (("setting", "unsafe"), ("obsolete",), ("wrong_type",)):
        if found := next((one for one in verdicts if one.fate in fates), None):
            return found
    return verdicts[-1]


def _judge(file: str, key: str) -> Verdict:
    if rule := RULES.get(file, {}).get(key):
        return Verdict("setting", rule)
    if key in SETTING_NAMES and file in ("config/production.json", CODE):
        return Verdict("setting", Rule(key))
    known = known_keys(file)
    if key in DEBUG_KEYS:
        return Verdict("unsafe")
    if key in known:
        return Verdict("obsolete", reason=reason_for(file, key))
    return Verdict("wrong_type" if _is_misshapen(key, known) else "unknown")


def _is_misshapen(key: str, known: frozenset[str]) -> bool:
    """Tell whether an object stands where a value belongs, or a value where an object does."""
    parts = key.split(".")
    above = {".".join(parts[:count]) for count in range(1, len(parts))}
    return bool(above & known) or any(one.startswith(f"{key}.") for one in known)
