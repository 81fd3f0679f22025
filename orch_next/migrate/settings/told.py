"""Short forms for findings in both languages."""

from __future__ import annotations

from orch_next.migrate.findings import Finding


def info(code: str, where: str, english: str, japanese: str) -> Finding:
    """Return something worth knowing."""
    return Finding("info", code, where, english, japanese)


def warning(code: str, where: str, english: str, japanese: str) -> Finding:
    """Return something a person should look at."""
    return Finding("warning", code, where, english, japanese)


def problem(code: str, where: str, english: str, japanese: str) -> Finding:
    """Return something that is wrong and was not repaired silently."""
    return Finding("problem", code, where, english, japanese)


def blocker(code: str, where: str, english: str, japanese: str) -> Finding:
    """Return something that must be settled before anything is written."""
    return Finding("blocker", code, where, english, japanese)
