"""The timestamp styles of contract 0.2, all made from one aware clock (D53)."""

from __future__ import annotations

from datetime import datetime


def as_local_iso(at: datetime) -> str:
    """Format as local naive ISO with microseconds, style 1 of contract 0.2."""
    return at.astimezone().replace(tzinfo=None).isoformat(timespec="microseconds")
