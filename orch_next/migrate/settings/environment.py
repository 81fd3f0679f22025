"""Environment variables in `.env` files and start scripts, read as text and never run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orch_next.migrate.settings.rules import SETTING_NAMES
from orch_next.migrate.settings.text import read_text
from orch_next.migrate.settings.tree import list_files, place

_NAME = r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
_NAME2 = _NAME.replace("name", "name2")
_SHELL = re.compile(rf"(?:export\s+|declare\s+-x\s+|Environment=)?\"?{_NAME}=(?P<value>.*)")
_BATCH = re.compile(
    rf"@?\b(?:set\s+\"?{_NAME}=(?P<value>[^\"]*)|setx\s+{_NAME2}\s+"
    r"(?P<value2>\"[^\"]*\"|\S+))",
    re.IGNORECASE,
)
_POWERSHELL = re.compile(
    rf"(?:\$\{{?env:{_NAME}\}}?\s*=\s*(?P<value>[^;]+)"
    rf"|\[(?:System\.)?Environment\]::SetEnvironmentVariable\(\s*['\"]{_NAME2}"
    r"['\"]\s*,\s*(?P<value2>'[^']*'|\"[^\"]*\"|[^,)]+))",
    re.IGNORECASE,
)
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys((".bat", ".cmd"), _BATCH),
    **dict.fromkeys((".ps1", ".psm1"), _POWERSHELL),
    **dict.fromkeys((".sh", ".env", ".service"), _SHELL),
}
OURS = "orch_next.env"  # what the step `environment` writes
_SAMPLES = (".example", ".sample", ".template", ".dist")
_COMMENTS = ("#", "::", "rem ", "@rem ", ";", "//")
# `$name`, `${name}`, `$(command)`, backticks, `%NAME%`, `$env:NAME`: known only when it runs.
_COMPUTED = re.compile(r"\$[A-Za-z_{(]|%[^%\s]+%|`|\A\(|Get-\w+|Join-Path", re.IGNORECASE)


@dataclass(frozen=True)
class Variable:
    """One assignment: `value` is None where only running the script would tell it."""

    name: str
    value: str | None
    file: Path
    line: int

    def where(self, root: Path) -> str:
        """Return the place, relative to the MOC root."""
        return place(root, self.file, self.line)


@dataclass(frozen=True)
class Name:
    """What a variable of the legacy is here: a setting, a secret's home, or why it is nothing."""

    setting: str = ""
    reason: str = ""
    is_kept: bool = False


def _nothing(reason: str, *names: str) -> dict[str, Name]:
    return dict.fromkeys(names, Name(reason=reason))


# Contract 7.1. `is_kept`: the old name itself goes on working.
NAMES: Mapping[str, Name] = {
    **{f"ORCH_{one.upper()}": Name(one, is_kept=True) for one in SETTING_NAMES},
    "ORCH_DASHBOARD_HOST": Name("host", is_kept=True),
    "ORCH_DASHBOARD_PORT": Name("port", is_kept=True),
    "LOG_LEVEL": Name("log_level"),
    "WEBHOOK_SECRET": Name("webhook_secret"),
    "JWT_SECRET": Name("jwt_secret"),
    **_nothing("root", "ORCH_ROOT", "ORCH_CONFIG"),
    **_nothing("debug", "DEBUG_MODE", "FLASK_DEBUG", "FLASK_ENV"),
    **_nothing("journal", "DATABASE_URL"),
    **_nothing("alerts", "SLACK_WEBHOOK_URL", "SMTP_SERVER"),
    **_nothing("always", "ENABLE_MONITORING", "ENABLE_SELF_HEALING", "ORCH_DUMMY_API"),
    **_nothing("server", "ORCH_USE_WERKZEUG"),
    **_nothing("server", "ORCH_MCP_TOKEN", "ORCH_MCP_RATE_WINDOW", "ORCH_MCP_RATE_MAX"),
    **_nothing("clients", "ORCH_IN_PYTEST", "ORCH_TEST_MODE", "HEALTHCHECK_URL", "RETRY_SEC"),
    **_nothing("clients", "MAX_WAIT_SEC", "SUCCESS_REQUIRED", "RUN_E2E", "HTTP_BASE_URL"),
    **_nothing("clients", "HTTP_ENDPOINTS", "HTTP_CONCURRENCY", "HTTP_DURATION", "SSE_BASE_URL"),
    **_nothing("clients", "SSE_EVENT_ENDPOINT", "SSE_CONCURRENCY", "SSE_DURATION"),
    **_nothing("clients", "ORCH_TEST_UI_URL", "DASHBOARD_BASE_URL", "BASE_URL"),
}


def read_variables(root: Path) -> list[Variable]:
    """List the assignments of variables that mean something to MOC, and all of `.env` files."""
    return [
        variable
        for path in list_files(root, _is_source)
        for variable in parse_variables(path, read_text(path).text)
        if _kind(path) == ".env" or variable.name in NAMES or variable.name.startswith("ORCH_")
    ]


def parse_variables(path: Path, text: str) -> Iterator[Variable]:
    """Yield the assignments of one file, in its own language."""
    pattern = _PATTERNS[_kind(path)]
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.lower().startswith(_COMMENTS):
            continue
        anywhere = pattern is not _SHELL
        found = pattern.finditer(bare) if anywhere else filter(None, [pattern.match(bare)])
        for match in found:
            parts = match.groupdict()
            name, value = parts["name"], parts["value"]
            if name is None:
                name, value = parts["name2"], parts["value2"]
            yield Variable(name.upper(), _literal(value, pattern), path, number)


def _is_source(name: str) -> bool:
    if name == OURS:
        return False
    if name == ".env" or name.startswith(".env."):
        return not name.endswith(_SAMPLES)
    return f".{name.rpartition('.')[2]}" in _PATTERNS


def _kind(path: Path) -> str:
    return ".env" if path.name.lower().startswith(".env") else path.suffix.lower()


def _literal(text: str, pattern: re.Pattern[str]) -> str | None:
    """Return what a text says without running it; None when it is computed."""
    value = text.strip()
    quoted = len(value) > 1 and value[0] in "'\"" and value[0] in value[1:]
    if quoted:
        quote = value[0]
        value = value[1 : value.index(quote, 1)]
        if quote == "'" and pattern is not _BATCH:
            return value
    elif pattern is _SHELL:
        value = re.split(r"\s+#|\"\s*\Z", value)[0].strip()
    return None if _COMPUTED.search(value) else value
