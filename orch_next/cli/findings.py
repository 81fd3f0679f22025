"""One line of `orch-next doctor`: what was looked at, how it is, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """`mend` is a command or a sentence for a person; empty when all is well."""

    level: Level
    name: str
    message: str
    mend: str = ""


def ok(name: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding("ok", name, message)


def warn(name: str, message: str, mend: str = "") -> Finding:
    """Return something to look at that does not stop the program."""
    return Finding("warn", name, message, mend)


def fail(name: str, message: str, mend: str = "") -> Finding:
    """Return something that the program cannot work with."""
    return Finding("fail", name, message, mend)
