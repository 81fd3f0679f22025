"""Records for other programs: CSV for spreadsheets, iCalendar for due dates."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timezone

from orch_next.clock import parse_day, parse_iso
from orch_next.core.kinds import EMPTY
from orch_next.core.records import Record, Task, columns_of

# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV Injection).
_FORMULA = re.compile("[=+\\-@\t\r\n＝＋－＠]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_OCTETS = 75  # RFC 5545, 3.1
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def as_csv(kind: type[Record], records: Iterable[Record]) -> bytes:
    """Return UTF-8 with a byte order mark (Excel wants it), CRLF and a header row.

    A cell that a spreadsheet would run as a formula begins with `'`; a lone `-` stays.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    columns = columns_of(kind)
    writer.writerow(columns)
    for record in records:
        writer.writerow([_guarded(getattr(record, name)) for name in columns])
    return file.getvalue().encode("utf-8-sig")


def _guarded(value: str) -> str:
    return f"'{value}" if value != EMPTY and _FORMULA.match(value) else value


def as_calendar(tasks: Iterable[Task], now: datetime) -> bytes:
    """Return an iCalendar object (RFC 5545) with one event per task that has a due date.

    A date is an all-day event, a date-time one of no length; without an offset it is
    local time wherever it is read. Other texts (`未定`) have no event.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ORCH-Next//tasks//EN"]
    lines += ["CALSCALE:GREGORIAN", "X-WR-CALNAME:ORCH-Next"]
    stamp = _utc(now)
    for task in tasks:
        due = parse_due(task.due)
        if due is not None:
            lines += _event(task, due, stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line)).encode()


def parse_due(cell: str) -> date | datetime | None:
    """Return the date or date-time that a `due` cell names, or None for any other text."""
    text = cell.strip()
    try:
        if _DATE.fullmatch(text):
            return parse_day(text)
        found = parse_iso(text)
        # Year 1 may have no moment in UTC.
        found = found.astimezone(timezone.utc) if found.tzinfo else found
    except (ValueError, OverflowError):
        return None
    return found if _DATE.match(text) else None


def _event(task: Task, due: date | datetime, stamp: str) -> list[str]:
    said = [f"{name}: {text}" for name, text in _details(task)]
    return [
        "BEGIN:VEVENT",
        # The id alone: moving the installation must not double everybody's calendar.
        f"UID:{hashlib.sha256(task.id.encode()).hexdigest()[:32]}@orch-next",
        f"DTSTAMP:{stamp}",
        _start(due),
        f"SUMMARY:{_escape(f'{task.id} {task.title}')}",
        f"DESCRIPTION:{_escape(chr(10).join(said))}",
        f"CATEGORIES:{_escape(task.status)}",
        f"STATUS:{'CANCELLED' if task.status == 'DROP' else 'CONFIRMED'}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _details(task: Task) -> Iterator[tuple[str, str]]:
    for name in ("status", "owner", "artifact", "notes"):
        value = getattr(task, name)
        if value not in ("", EMPTY):
            yield name, value


def _start(due: date | datetime) -> str:
    # Without an end a date lasts its day and a date-time no time (RFC 5545, 3.6.1).
    if not isinstance(due, datetime):
        return f"DTSTART;VALUE=DATE:{due:%Y%m%d}"
    return f"DTSTART:{_utc(due)}" if due.tzinfo else f"DTSTART:{due:%Y%m%dT%H%M%S}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    plain = _UNPRINTABLE.sub(" ", text)
    for char in ("\\", ";", ","):
        plain = plain.replace(char, f"\\{char}")
    return re.sub("\r\n|\r|\n", r"\\n", plain)


def _fold(line: str) -> list[str]:
    """Cut a line into pieces of at most 75 octets, never inside a character."""
    if len(line.encode()) <= _OCTETS:
        return [line]
    pieces: list[str] = []
    piece, size = "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > _OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + char, size + octets
    return [*pieces, piece]
