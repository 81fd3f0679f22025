"""What a step noticed and a person should know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "problem", "blocker"]


@dataclass(frozen=True)
class Finding:
    """One observation; a blocker refuses the run, a problem is never repaired silently.

    `where` is a place such as "STATE/TASKS.md:12", or empty.
    """

    severity: Severity
    code: str
    where: str
    message: str
    message_ja: str
