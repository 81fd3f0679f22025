"""Moments: aware and UTC inside; here alone they are read from text and written as text.

What differs by source has a name of its own: a time without an offset is UTC in the ledgers
and in what programs wrote, but the server's local time where a client sent it (contract 0.2).
"""

from __future__ import annotations

import re
from datetime import date, datetime, timezone

_SECONDS = "%Y-%m-%dT%H:%M:%SZ"
_MICROS = "%Y-%m-%dT%H:%M:%S.%fZ"
_LEDGER = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def utc_now() -> datetime:
    """Return the time of day, aware and in UTC."""
    return datetime.now(timezone.utc)


def utc_seconds(at: datetime) -> str:
    """Write a moment as ledger cells have it: `YYYY-MM-DDTHH:MM:SSZ` (D13)."""
    return at.astimezone(timezone.utc).strftime(_SECONDS)


def utc_micros(at: datetime) -> str:
    """Write a moment as the database has it: `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    return at.astimezone(timezone.utc).strftime(_MICROS)


def as_local_iso(at: datetime) -> str:
    """Format as local naive ISO with microseconds, style 1 of contract 0.2 (D53)."""
    return at.astimezone().replace(tzinfo=None).isoformat(timespec="microseconds")


def as_local_slashes(at: datetime) -> str:
    """Format as local `YYYY/MM/DD HH:MM:SS`, style 3 of contract 0.2 (D53)."""
    return at.astimezone().strftime("%Y/%m/%d %H:%M:%S")


def parse_iso(text: str) -> datetime:
    """Read an ISO time; one without an offset stays naive. Raise `ValueError`."""
    # Python 3.10 knows no `Z`.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def parse_day(text: str) -> date:
    """Read an ISO date; raise `ValueError`."""
    return date.fromisoformat(text)


def parse_utc(text: str) -> datetime:
    """Read an ISO time of a ledger or a program, UTC where it has no offset; `ValueError`."""
    found = parse_iso(text)
    return _as_utc(found if found.tzinfo else found.replace(tzinfo=timezone.utc))


def parse_local(text: str) -> datetime:
    """Read an ISO time that a client sent, local where it has no offset; `ValueError`."""
    return _as_utc(parse_iso(text))


def parse_seconds(text: str) -> datetime:
    """Read `YYYY-MM-DDTHH:MM:SSZ`, also with single digits as people type; `ValueError`."""
    return datetime.strptime(text, _SECONDS).replace(tzinfo=timezone.utc)


def parse_micros(text: str) -> datetime:
    """Read a moment as `utc_micros` writes it; raise `ValueError`."""
    return datetime.strptime(text, _MICROS).replace(tzinfo=timezone.utc)


def find_utc(text: str) -> datetime | None:
    """Return what `parse_utc` reads, None for any other text."""
    try:
        return parse_utc(text)
    except ValueError:
        return None


def find_local(text: str) -> datetime | None:
    """Return what `parse_local` reads, None for any other text."""
    try:
        return parse_local(text)
    except ValueError:
        return None


def find_seconds(text: str) -> datetime | None:
    """Return what `parse_seconds` reads, None for any other text."""
    try:
        return parse_seconds(text)
    except ValueError:
        return None


def find_exact_seconds(text: str) -> datetime | None:
    """Return the moment of exactly what `utc_seconds` writes (contract 3.3), else None."""
    return find_seconds(text) if _LEDGER.fullmatch(text) else None


def _as_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(timezone.utc)
    except (OverflowError, OSError) as error:  # the first and the last day of the calendar
        raise ValueError(f"{at.isoformat()} is no moment in UTC") from error
