"""Which texts name which moment: the exact accepted forms of every reader, and the writers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from orch_next.clock import (
    find_exact_seconds,
    find_local,
    find_seconds,
    find_utc,
    parse_iso,
    parse_local,
    parse_micros,
    parse_utc,
    utc_micros,
    utc_now,
    utc_seconds,
)
from tests.sample import REPOSITORY

TOKYO = timezone(timedelta(hours=9))
AT = datetime(2025, 10, 9, 8, 22, 18, tzinfo=timezone.utc)


LOCAL = datetime(2025, 10, 9, 8, 22, 18).astimezone(timezone.utc)
LOCAL_DAY = datetime(2025, 10, 9).astimezone(timezone.utc)
MINUTE, DAY = AT.replace(second=0), AT.replace(hour=0, minute=0, second=0)

# text -> what each of find_utc, find_local, find_seconds, find_exact_seconds reads
FORMS: list[tuple[str, tuple[datetime | None, ...]]] = [
    ("2025-10-09T08:22:18Z", (AT, AT, AT, AT)),
    ("2025-10-09T17:22:18+09:00", (AT, AT, None, None)),
    ("2025-10-09 08:22:18", (AT, LOCAL, None, None)),
    ("2025-10-09T08:22:18.000000Z", (AT, AT, None, None)),
    ("2025-10-09T08:22Z", (MINUTE, MINUTE, None, None)),
    ("2025-10-09", (DAY, LOCAL_DAY, None, None)),
    ("2025-10-9T8:22:18Z", (None, None, AT, None)),
    ("2025-10-09t08:22:18z", (None, None, AT, None)),
    ("２０２５-10-09T08:22:18Z", (None, None, AT, None)),
    (" 2025-10-09T08:22:18Z", (None, None, None, None)),
    ("2025-10-09T08:22:18Z\n", (None, None, None, None)),
    ("2025-02-30T08:22:18Z", (None, None, None, None)),
    ("2025-10-09T24:00:61Z", (None, None, None, None)),
    ("0001-01-01T00:00:00+09:00", (None, None, None, None)),
    ("9999-12-31T23:59:59-09:00", (None, None, None, None)),
    ("来週の金曜", (None, None, None, None)),
    (r"C:\予定\2025-10-09", (None, None, None, None)),
    ("None", (None, None, None, None)),
    ("-", (None, None, None, None)),
    ("", (None, None, None, None)),
]


@pytest.mark.parametrize(("text", "found"), FORMS, ids=[text or "empty" for text, _ in FORMS])
def test_every_reader_takes_its_forms_and_no_others(
    text: str, found: tuple[datetime | None, ...]
) -> None:
    read = (find_utc(text), find_local(text), find_seconds(text), find_exact_seconds(text))
    assert read == found


@pytest.mark.parametrize("read", [parse_utc, parse_local, parse_micros])
@pytest.mark.parametrize("text", ["明日", "2025-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_a_value_error(read: Callable[[str], datetime], text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(text)


def test_a_time_without_an_offset_stays_without_where_nobody_knows_it() -> None:
    assert parse_iso("2025-10-15T09:00:00") == datetime(2025, 10, 15, 9)
    assert parse_iso("2025-10-15T09:00:00Z") == datetime(2025, 10, 15, 9, tzinfo=timezone.utc)


def test_what_is_read_is_utc() -> None:
    readers = (parse_utc, parse_local)
    assert [read("2025-10-09T17:22:18+09:00").tzinfo for read in readers] == [timezone.utc] * 2


@pytest.mark.parametrize("micros", [0, 5, 120_000, 999_999])
def test_the_database_reads_what_it_wrote(micros: int) -> None:
    at = AT.replace(microsecond=micros)
    assert (parse_micros(utc_micros(at)), parse_utc(utc_micros(at))) == (at, at)


def test_a_moment_of_any_offset_is_written_in_utc() -> None:
    there = AT.astimezone(TOKYO)
    assert (utc_seconds(there), utc_micros(there)) == (
        "2025-10-09T08:22:18Z",
        "2025-10-09T08:22:18.000000Z",
    )


_IN_TOKYO = """
from orch_next.clock import as_local_iso, as_local_slashes, parse_local, parse_utc, utc_seconds
at = parse_local("2025-10-09T17:22:18")
print(utc_seconds(at), as_local_iso(at), as_local_slashes(at))
print(utc_seconds(parse_utc("2025-10-09T08:22:18")))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows takes no zone from the environment")
def test_clients_and_people_have_the_server_s_local_time_and_ledgers_utc() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _IN_TOKYO],
        cwd=REPOSITORY,
        env={**os.environ, "TZ": "JST-9"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.splitlines() == [
        "2025-10-09T08:22:18Z 2025-10-09T17:22:18.000000 2025/10/09 17:22:18",
        "2025-10-09T08:22:18Z",
    ]


def test_the_time_of_day_is_aware() -> None:
    assert utc_now().tzinfo is timezone.utc
