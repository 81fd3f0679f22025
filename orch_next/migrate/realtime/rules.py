"""What became of the old server's settings for live connections (contract 0.1, 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orch_next.migrate.settings.json_lines import BadJsonError, read_json
from orch_next.migrate.settings.text import read_text

Part = Literal["realtime", "sse", "webhook"]
FILES = (
    "ORCH/integrated_config.json",
    *(f"config/{name}.json" for name in ("production", "agents_api", "monitoring", "staging")),
    *(f"config/{name}.json" for name in ("alert_config", "performance", "security")),
)
# How our server speaks, whatever was configured (docs/realtime.md).
FIXED = {"ping_interval": 25, "ping_timeout": 20, "max_http_buffer_size": 1_000_000}
HEARTBEAT_SECONDS = 3
# Events of contract 2 and docs/realtime.md, docs/dispatcher.md, docs/knowledge.md.
_SENT = """
connect disconnect connect_error status error reset initial_data metrics_update new_alert
alert_update ai_prediction automation_status subscription_confirmed
dashboard_overview_update timeline_update heatmap_update task_flow_update
dispatcher_started dispatcher_stopped quality_metrics_update system_health_update
quality_alerts_update task_updated approval_updated milestone_updated ledger_changed
task_dispatched job_log job_finished lease_expired job_decided ml_training_progress
ml_training_finished
"""
_HEARD = """
connect disconnect request_dashboard_refresh request_task_flow_refresh
request_initial_data request_metrics_update subscribe_alerts
"""
SENT = frozenset(_SENT.split())
HEARD = frozenset(_HEARD.split())


@dataclass(frozen=True)
class OldSetting:
    """One old setting; `becomes` says where it lives on, or why it does not."""

    where: str
    key: str
    shown: str
    part: Part
    becomes: str
    code: str = ""


def read_old_settings(source: Path) -> Iterator[OldSetting]:
    """Yield the settings about sockets, streams and webhooks; unreadable files yield nothing.

    The step `config` tells about files that are no JSON. OSError but for missing ones passes.
    """
    for name in FILES:
        path = source / name
        try:
            leaves = read_json(read_text(path).text.removeprefix("\ufeff")).leaves
        except (FileNotFoundError, BadJsonError):
            continue
        for leaf in leaves:
            found = _judge(leaf.name, leaf.value)
            if found is not None:
                yield OldSetting(f"{name}:{leaf.line}", leaf.name, *found)


_Judged = tuple[str, Part, str, str]


def _judge(key: str, value: Any) -> _Judged | None:
    """Return what is shown of a value, its part, what it becomes, and a finding's code."""
    words = key.lower()
    shown = _shown(words, value)
    for judge in (_of_webhook, _of_socket, _of_stream):
        found = judge(words, value)
        if found is not None:
            return (shown, *found)
    return None


def _of_socket(key: str, value: Any) -> tuple[Part, str, str] | None:
    last = key.rpartition(".")[2]
    if "cors" in key and ("origins" in last):
        is_any = "*" in (value if isinstance(value, list) else [value])
        return "realtime", "cors_origins", "live-any-origin" if is_any else ""
    if last in FIXED:
        is_other = value != FIXED[last] and value != FIXED[last] * 1000
        return "realtime", f"fixed: {FIXED[last]}", "live-fixed" if is_other else ""
    if last == "async_mode":
        return "realtime", "the server's own (orch-next serve --async-mode)", ""
    return None


def _of_stream(key: str, value: Any) -> tuple[Part, str, str] | None:
    if not key.startswith(("sse.", "sse_")):
        return None
    last = key.rpartition(".")[2]
    if last.endswith("_seconds"):
        is_other = value != HEARTBEAT_SECONDS
        return "sse", f"fixed: {HEARTBEAT_SECONDS} s", "live-fixed" if is_other else ""
    return "sse", "a client's list: see the addresses", ""


def _of_webhook(key: str, value: Any) -> tuple[Part, str, str] | None:
    if "webhook" not in key:
        return None
    last = key.rpartition(".")[2]
    if "secret" in last or last == "key":
        return "webhook", "webhook_secret (moved by the step `config`)", ""
    if last == "signature_verification":
        return "webhook", "always on", "live-unsigned" if value is False else ""
    if last in ("url", "webhook_url"):
        return "webhook", "webhook_out_url, when posts are wanted", "live-webhook-out"
    return "webhook", "not used", ""


def _shown(key: str, value: Any) -> str:
    # An address may carry a token, a header an authorisation.
    is_secret = any(part in key for part in ("secret", "key", "token", "password", "url", "header"))
    return "***" if is_secret and value else str(value)
