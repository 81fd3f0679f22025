from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta, timezone

import pytest

from orch_next.core.export import as_calendar, as_csv, parse_due
from orch_next.core.records import Approval, Task

NOW = datetime(2025, 10, 9, 12, 4, 5, tzinfo=timezone(timedelta(hours=9)))


def task(task_id: str = "001", **cells: str) -> Task:
    given = {"title": "題", "status": "READY", "owner": "WORK", "due": "2025-10-07", **cells}
    names = ("title", "status", "owner", "lock", "lock_owner", "lock_expires_at", "due")
    return Task(task_id, *(given.get(name, "-") for name in (*names, "artifact", "notes")))


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_has_a_mark_for_excel_and_every_column() -> None:
    data = as_csv(Task, [task(title='A,"B"\u3000次', notes="-")])
    assert data.startswith(b"\xef\xbb\xbfid,title,status,owner,lock,")
    assert data.endswith(b"\r\n")
    assert read_csv(data)[1] == [
        *("001", 'A,"B"\u3000次', "READY", "WORK", "-", "-", "-", "2025-10-07", "-", "-")
    ]
    assert read_csv(as_csv(Approval, [])) == [
        [
            *("appr_id", "task_id", "op", "status", "requested_by", "approver"),
            *("approver_role", "ts_req", "ts_dec", "evidence"),
        ]
    ]


@pytest.mark.parametrize(
    "value", ["=1+1", "+81-3", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "--", "-見出し"]
)
def test_a_formula_is_text(value: str) -> None:
    assert read_csv(as_csv(Task, [task(title=value)]))[1][1] == f"'{value}"


@pytest.mark.parametrize("value", ["-", "a=b", "C:\\作業\\", "'=1", ""])
def test_other_cells_stay_as_they_are(value: str) -> None:
    assert read_csv(as_csv(Task, [task(title=value)]))[1][1] == value


@pytest.mark.parametrize(
    ("cell", "due"),
    [
        ("2025-10-07", date(2025, 10, 7)),
        ("2025-10-07T12:00:00Z", datetime(2025, 10, 7, 12, tzinfo=timezone.utc)),
        ("2025-10-07 21:00+09:00", datetime(2025, 10, 7, 12, tzinfo=timezone.utc)),
        ("2025-10-07 12:30", datetime(2025, 10, 7, 12, 30)),
        ("-", None),
        ("", None),
        ("未定", None),
        ("None", None),
        ("2025-02-30", None),
        ("20251007", None),
        ("２０２５-10-07", None),
        ("0001-01-01T00:00:00+09:00", None),
    ],
)
def test_due_cells(cell: str, due: date | datetime | None) -> None:
    assert parse_due(cell) == due


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_a_calendar_has_one_event_per_due_date() -> None:
    tasks = [task(notes="急ぎ"), task("002", due="未定"), task("003", due="-")]
    assert unfolded(as_calendar(tasks, NOW)) == [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ORCH-Next//tasks//EN"),
        *("CALSCALE:GREGORIAN", "X-WR-CALNAME:ORCH-Next", "BEGIN:VEVENT"),
        "UID:7a3e6b16cb75f48fb897eff3ae732f31@orch-next",
        *("DTSTAMP:20251009T030405Z", "DTSTART;VALUE=DATE:20251007", "SUMMARY:001 題"),
        "DESCRIPTION:status: READY\\nowner: WORK\\nnotes: 急ぎ",
        *("CATEGORIES:READY", "STATUS:CONFIRMED", "TRANSP:TRANSPARENT", "END:VEVENT"),
        *("END:VCALENDAR", ""),
    ]


def lines_of(name: str, *tasks: Task) -> list[str]:
    return [line for line in unfolded(as_calendar(tasks, NOW)) if line.startswith(name)]


def test_the_uid_stays_when_the_task_changes() -> None:
    first = lines_of("UID", task())
    assert first == lines_of("UID", task(title="別", due="2026-01-01", status="DONE"))
    assert first != lines_of("UID", task("002"))


@pytest.mark.parametrize(
    ("due", "start"),
    [
        ("2025-10-07T21:00:00+09:00", "DTSTART:20251007T120000Z"),
        ("2025-10-07T21:00", "DTSTART:20251007T210000"),
        ("9999-12-31", "DTSTART;VALUE=DATE:99991231"),
    ],
)
def test_moments_are_utc_or_local(due: str, start: str) -> None:
    assert lines_of("DTSTART", task(due=due)) == [start]


def test_text_is_escaped_and_cannot_forge_a_line() -> None:
    hostile = "a;b,c\\d\r\nEND:VEVENT\x07"
    assert lines_of("SUMMARY", task(title=hostile)) == ["SUMMARY:001 a\\;b\\,c\\\\d\\nEND:VEVENT "]


def test_a_dropped_task_is_cancelled() -> None:
    assert lines_of("STATUS", task(status="DROP")) == ["STATUS:CANCELLED"]


@pytest.mark.parametrize("title", ["長い題名" * 40, "💥" * 60, "x" * 68, "x" * 500, "é" * 99])
def test_lines_are_folded_between_characters(title: str) -> None:
    data = as_calendar([task(title=title)], NOW)
    assert max(map(len, data.split(b"\r\n"))) <= 75
    assert not re.search(rb"[^\r]\n|\r[^\n]", data)
    assert f"SUMMARY:001 {title}" in unfolded(data)
