"""PowerShell scripts that change things do so only when asked (rule `powershell`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orch_next.sensors.rules.config import Rule
from orch_next.sensors.rules.files import Content, Finding

_CHANGES = re.compile(
    r"(?i)(?<![\w-])(?:Remove|Set|Move|Copy|Rename|New|Clear|Stop|Restart)-"
    r"(?:Item|ItemProperty|Content|Service|Process|Acl|Computer)\b"
    r"|(?<![\w-])(?:Add-Content|Out-File|Invoke-Expression|iex|Stop-Computer|Format-Volume)\b"
    r"|\bgit\s+(?:push|reset|clean|commit|checkout)\b"
)
_SHOULD_PROCESS = re.compile(r"(?i)\[CmdletBinding\([^)]*SupportsShouldProcess(?!\s*=\s*\$false)")
# A dry run that is on by default, or a switch that must be given to change anything.
_DRY_ON = re.compile(r"(?i)\$(?:DryRun|WhatIfMode|Simulate)\s*=\s*(?:\$true|1)\b")
_OPT_IN = re.compile(r"(?i)\[switch\]\s*\$(?:Apply|Execute|Confirmed|Commit|Run|Force|NoDryRun)\b")
_DRY_OFF = re.compile(r"(?i)\$(?:DryRun|WhatIfMode|Simulate)\s*=\s*(?:\$false|0)\b")
_COMMENT = re.compile(r"<#[\s\S]*?#>|#[^\n]*")


def check_powershell(content: Content, rule: Rule) -> Iterator[Finding]:
    """Yield a dry run that is off by default, else the first change without any."""
    if content.extension not in rule.tuning["extensions"] or content.text is None:
        return
    code = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), content.text)
    off, change = _DRY_OFF.search(code), _CHANGES.search(code)
    if change is None:
        return
    if off:
        message = f"ドライランが既定で無効です: {off[0]}"
        yield Finding(content.file, _line(code, off.start()), message, "dry-run-off")
    elif not any(pattern.search(code) for pattern in (_SHOULD_PROCESS, _DRY_ON, _OPT_IN)):
        message = f"ドライランのない変更です: {change[0]}"
        yield Finding(content.file, _line(code, change.start()), message, "no-dry-run")


def _line(code: str, offset: int) -> int:
    return code.count("\n", 0, offset) + 1
