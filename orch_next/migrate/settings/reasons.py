"""Why an old key needs no new one: a reason per section, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "access": (
        "stays where it is: ORCH-Next reads config/agents_api.json itself",
        "そのまま有効です。ORCH-Next は config/agents_api.json を自分で読みます",
    ),
    "alerts": (
        "ORCH-Next sends no mail and no chat messages; alerts stand on the page and go, as "
        "decisions and changes do, to webhook_out_url when that is set",
        "ORCH-Next はメールやチャットを送りません。警告は画面に出し、webhook_out_url を設定すれば"
        "決定や変更とともに送ります",
    ),
    "schedule": (
        "stays where it is: ORCH-Next reads `ai_prediction` of config/monitoring.json itself",
        "そのまま有効です。ORCH-Next は config/monitoring.json の `ai_prediction` を自分で読みます",
    ),
    "always": (
        "always so in ORCH-Next; it cannot be turned off",
        "ORCH-Next では常に有効で、切れません",
    ),
    "backup": (
        "`orch-next migrate` makes the backups of a move; docs/operations.md tells the daily ones",
        "移行時は `orch-next migrate` が取り、日々の分は docs/operations.md にあります",
    ),
    "checks": (
        "what is checked, and how strictly, stands in config/rules.toml",
        "何をどの厳しさで調べるかは config/rules.toml にあります",
    ),
    "clients": (
        "tells other programs (tests, canaries) where to look; ORCH-Next does not read it",
        "他のプログラム (テストや監視) の設定で、ORCH-Next は読みません",
    ),
    "code": (
        "stands in the program; where ORCH lies is told by ORCH_ROOT or --orch-root",
        "プログラム内で決まります。ORCH の場所は ORCH_ROOT か --orch-root で指定します",
    ),
    "dispatcher": (
        "the step `dispatcher` brings it to config/cores.toml",
        "dispatcher 手順が config/cores.toml に移します",
    ),
    "journal": (
        "ORCH-Next keeps its journal in data/orch-next.db (database_url); the step `data` imports "
        "old SQLite files",
        "ジャーナルは data/orch-next.db (database_url) です。旧 SQLite は data 手順で取り込みます",
    ),
    "label": (
        "a label that nothing reads",
        "どこからも読まれない表示用の値です",
    ),
    "learning": (
        "ORCH-Next learns by itself; docs/knowledge.md tells what can be set",
        "学習は自動で、設定できることは docs/knowledge.md にあります",
    ),
    "live": (
        "the step `websocket` tells what became of it",
        "websocket 手順が扱いを報告します",
    ),
    "logging": (
        "ORCH-Next logs to standard error; its supervisor keeps the files (docs/operations.md)",
        "ログは標準エラーに出し、保存は監視側が行います (docs/operations.md)",
    ),
    "page": (
        "the page is told of changes at once; nothing needs an interval",
        "画面は変更をすぐに受け取るので、間隔の指定は不要です",
    ),
    "paths": (
        "folders have fixed places below the MOC root (docs/configuration.md)",
        "フォルダーの位置は MOC ルートの下に決まっています (docs/configuration.md)",
    ),
    "server": (
        "belongs to the web server in front or to serve's options (docs/operations.md)",
        "前段の Web サーバーか serve の選択肢で決めます (docs/operations.md)",
    ),
}

# file: section prefix -> reason; the longest prefix counts, "" is the rest of the file
_SECTIONS: Mapping[str, Mapping[str, str]] = {
    "config/agents_api.json": {
        "": "access",
        "logging": "always",
        "security.csrf_protection": "always",
        "registry.schema": "always",
    },
    "config/monitoring.json": {
        "": "alerts",
        "alert_thresholds": "checks",
        "emergency_mode": "checks",
        "ai_prediction": "schedule",
        "dashboard_config": "page",
        "monitoring_interval": "page",
        "http_targets": "clients",
        "sse_targets": "clients",
        "canary_endpoints": "clients",
    },
    "config/production.json": {
        "": "label",
        "database": "journal",
        "ai_prediction": "learning",
        "features": "always",
        "monitoring": "page",
        "dashboard": "page",
        "dashboard.debug": "always",
        "logging": "logging",
        "security": "always",
        "security.rate_limiting": "server",
        "performance": "server",
        "backup": "backup",
        "alerts": "alerts",
        "maintenance": "backup",
        "integration": "server",
    },
    "config/secrets.json": {"": "access"},
    "config/staging.json": {"": "clients"},
    "config/alert_config.json": {"": "alerts", "severity_thresholds": "checks"},
    "config/paths.json": {"": "paths"},
    "config/performance.json": {
        "": "alerts",
        "thresholds": "checks",
        "endpoints_to_monitor": "clients",
    },
    "config/security.json": {"": "always", "rate_limiting": "server"},
    "ORCH/integrated_config.json": {
        "dispatcher": "dispatcher",
        "socketio": "live",
        "sse": "live",
        "webhook": "live",
    },
    "orch_dashboard.py": {"": "code"},
}


def reason_for(file: str, key: str) -> str:
    """Return the reason's name for a known key of a file."""
    sections = _SECTIONS[file]
    fitting = [one for one in sections if one in ("", key) or key.startswith(f"{one}.")]
    return sections[max(fitting, key=len)]
