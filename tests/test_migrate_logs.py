"""Logs: encodings are recognised and kept, names never collide, growth is taken up."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath

import pytest

from orch_next.migrate.changes import Put, Remove
from orch_next.migrate.house import House
from orch_next.migrate.intake.encodings import TextFacts, read_text_facts
from orch_next.migrate.intake.listing import list_files
from orch_next.migrate.intake.placing import Arrival, Known, Placed, Placer
from orch_next.migrate.steps.data import LogsStep
from tests.moc_moves import move
from tests.moc_tree import LOGS, build_moc, tree_hash

NOW = datetime(2025, 10, 10, tzinfo=timezone.utc)
LINE = "2025-10-08 警告 承認待ち① C:\\作業\\ログ\r\n"


def facts_of(tmp_path: Path, data: bytes) -> tuple[str, int, int]:
    path = tmp_path / "a.log"
    path.write_bytes(data)
    found = read_text_facts(path)
    return found.encoding, found.lines, found.size


@pytest.mark.parametrize(
    ("data", "encoding", "lines"),
    [
        (b"", "ascii", 0),
        (b"one\ntwo", "ascii", 2),
        (LINE.encode() * 3, "utf-8", 3),
        (b"\xef\xbb\xbf" + LINE.encode(), "utf-8-bom", 1),
        (LINE.encode("cp932") * 2, "cp932", 2),
        (b"\xff\xfe" + LINE.encode("utf-16-le") * 2, "utf-16-le-bom", 2),
        (b"\xfe\xff" + LINE.encode("utf-16-be"), "utf-16-be-bom", 1),
        (LINE.encode() + LINE.encode("cp932"), "mixed", 2),
        (LINE.encode("cp932") + LINE.encode() + b"x", "mixed", 3),
        (b"\xff\xfe" + LINE.encode("utf-16-le") + b"x", "mixed", 2),
        (b"\x81\xff\n", "mixed", 1),
        (b"\x1f\x8b\x00\x00", "binary", 1),
    ],
)
def test_an_encoding_is_recognised(tmp_path: Path, data: bytes, encoding: str, lines: int) -> None:
    assert facts_of(tmp_path, data) == (encoding, lines, len(data))


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_a_character_on_the_border_of_two_chunks_is_whole(tmp_path: Path, codec: str) -> None:
    mark = b"\xff\xfe" if codec == "utf-16-le" else b""
    data = mark + ("x" * 1_048_575 + "承認\n").encode(codec)
    assert facts_of(tmp_path, data) == ("utf-16-le-bom" if mark else "utf-8", 1, len(data))


def arrival(tmp_path: Path, data: bytes, origin: str = "ORCH/LOGS/a.log") -> Arrival:
    file = tmp_path / "source.log"
    file.write_bytes(data)
    facts: TextFacts = read_text_facts(file)
    path = PurePosixPath("data/logs/a.log")
    return Arrival(file, origin, path, "from-orch-logs", facts.sha256, facts.size)


def test_a_taken_name_is_never_given_away(tmp_path: Path) -> None:
    (tmp_path / "data" / "logs").mkdir(parents=True)
    (tmp_path / "data" / "logs" / "A.LOG").write_bytes(b"theirs")
    (tmp_path / "data" / "logs" / "a.log").write_bytes(b"theirs")
    placer = Placer(tmp_path)
    paths = [placer.place(arrival(tmp_path, data)).path.name for data in (b"1", b"2", b"1", b"3")]
    assert paths == [
        "a.from-orch-logs.log",
        "a.from-orch-logs-2.log",
        "a.from-orch-logs.log",
        "a.from-orch-logs-3.log",
    ]


def test_what_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data" / "logs").mkdir(parents=True)
    (tmp_path / "data" / "logs" / "a.log").write_bytes(b"same")
    placed = Placer(tmp_path).place(arrival(tmp_path, b"same"))
    assert placed == Placed(PurePosixPath("data/logs/a.log"), present=True)


@pytest.mark.parametrize(
    ("there", "origin", "name"),
    [
        (b"old", "ORCH/LOGS/a.log", "a.log"),  # our own copy of a log that grew
        (b"old", "LOGS/a.log", "a.from-orch-logs.log"),  # another log's copy
        (b"OLD", "ORCH/LOGS/a.log", "a.from-orch-logs.log"),  # touched since
        (b"new", "ORCH/LOGS/a.log", "a.from-orch-logs.log"),  # rotated: no longer its beginning
    ],
)
def test_only_an_untouched_beginning_is_replaced(
    tmp_path: Path, there: bytes, origin: str, name: str
) -> None:
    (tmp_path / "data" / "logs").mkdir(parents=True)
    place = tmp_path / "data" / "logs" / "a.log"
    place.write_bytes(b"old" if there == b"OLD" else there)
    facts = read_text_facts(place)
    place.write_bytes(there)
    known = {"data/logs/a.log": Known(origin, facts.sha256, facts.size)}
    assert Placer(tmp_path, known).place(arrival(tmp_path, b"old and more")).path.name == name


def test_every_log_arrives_byte_for_byte(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    before = tree_hash(moc)
    target = tmp_path / "NEXT"
    target.mkdir()
    work = move(LogsStep(), House(moc, target, NOW))
    assert tree_hash(moc) == before
    rows = json.loads((target / "data/logs/index.json").read_bytes())["files"]
    assert {row["origin"]: (target / row["path"]).read_bytes() for row in rows} == LOGS
    assert {PurePosixPath(row["origin"]).name: row["encoding"] for row in rows} == {
        "orch_dashboard.log": "utf-8",
        "dispatcher.log": "utf-8",
        "transcript.txt": "utf-16-le-bom",
        "transcript_be.txt": "utf-16-be-bom",
        "out-file.log": "utf-8-bom",
        "mixed.log": "mixed",
        "empty.log": "ascii",
        "APPROVALS-2025-10-08.md": "utf-8",
        "APPROVALS-2025-10-07.md": "utf-8",
        "夜間 巡回ログ.log": "utf-8",
        "2025-09.log.gz": "binary",
        "dashboard_app.log": "cp932",
        "locks_eol_guard.log": "ascii",
        "locks_eol_guard.heartbeat": "ascii",
    }
    assert [(one.code, one.where) for one in work.findings] == [
        ("link-left", "ORCH/LOGS/gone.log"),
        ("link-left", "ORCH/LOGS/latest.log"),
        ("log-renamed", "ORCH/LOGS/2025-10/dispatcher.log"),
        ("log-mixed", "ORCH/LOGS/2025-10/mixed.log"),
    ]


def test_what_the_audit_route_reads_also_stays_in_its_place(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    target = tmp_path / "NEXT"
    target.mkdir()
    move(LogsStep(), House(moc, target, NOW))
    name = "ORCH/LOGS/2025-10/APPROVALS-2025-10-08.md"
    assert (target / name).read_bytes() == (moc / name).read_bytes()


def test_in_the_same_house_logs_move_and_a_second_run_does_nothing(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    house = House(moc, moc, NOW)
    work = move(LogsStep(), house)
    removed = {str(one.path) for one in work.changes if isinstance(one, Remove)}
    kept = {name for name in LOGS if "APPROVALS" in name or name.startswith("data/")}
    assert removed == set(LOGS) - kept
    assert {p.name for p in (moc / "ORCH/LOGS").rglob("*") if p.is_file()} == {
        "APPROVALS-2025-10-08.md"
    }
    assert LogsStep().plan(house).changes == ()


def test_our_dispatchers_own_output_stays(tmp_path: Path) -> None:
    path = tmp_path / "ORCH" / "LOGS" / "jobs" / "001" / "1.log"
    path.parent.mkdir(parents=True)
    path.write_text("出力")
    assert LogsStep().plan(House(tmp_path, tmp_path, NOW)).changes == ()


def test_a_log_that_grew_is_taken_up_again(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    target = tmp_path / "NEXT"
    target.mkdir()
    house = House(moc, target, NOW)
    move(LogsStep(), house)
    log = moc / "ORCH" / "LOGS" / "2025-10" / "dispatcher.log"
    with log.open("ab") as file:
        file.write("追記\r\n".encode("cp932"))
    work = move(LogsStep(), house)
    assert [str(one.path) for one in work.changes] == [
        "data/logs/2025-10/dispatcher.from-orch-logs.log",
        "data/logs/index.json",
    ]
    copy = target / "data/logs/2025-10/dispatcher.from-orch-logs.log"
    assert copy.read_bytes() == log.read_bytes()


def test_a_foreign_index_is_not_overwritten(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    index = moc / "data" / "logs" / "index.json"
    index.write_text('{"theirs": true}')
    work = move(LogsStep(), House(moc, moc, NOW))
    assert index.read_text() == '{"theirs": true}'
    assert ("catalogue-foreign", "data/logs/index.json") in {
        (one.code, one.where) for one in work.findings
    }
    assert PurePosixPath("data/logs/index.orch-next.json") in [one.path for one in work.changes]


def test_a_changed_copy_is_noticed(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    target = tmp_path / "NEXT"
    target.mkdir()
    house = House(moc, target, NOW)
    work = move(LogsStep(), house)
    (target / "data/logs/2025-10/transcript.txt").write_bytes(b"changed")
    (target / "data/logs/2025-10/empty.log").unlink()
    found = [(one.severity, one.code, one.where) for one in LogsStep().verify(house, work)]
    assert found == [
        ("problem", "log-missing", "data/logs/2025-10/empty.log"),
        ("problem", "log-missing", "data/logs/2025-10/transcript.txt"),
    ]


def test_what_is_no_file_is_told_and_what_is_missing_is_nothing(tmp_path: Path) -> None:
    listing = list_files(tmp_path, ("LOGS",))
    assert (listing.files, listing.findings) == ((), ())
    (tmp_path / "LOGS").symlink_to(tmp_path)
    listing = list_files(tmp_path, ("LOGS",))
    assert [(one.code, one.where) for one in listing.findings] == [("link-left", "LOGS")]


def test_the_progress_is_told_in_bytes(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    told: list[tuple[str, int, int]] = []
    house = House(moc, moc, NOW, say=lambda *parts: told.append(parts))
    LogsStep().plan(house)
    total = sum(len(data) for data in LOGS.values())
    assert (len(told), told[-1]) == (len(LOGS), ("logs", total, total))
    assert not [one for one in LogsStep().plan(house).changes if isinstance(one, Put) and one.build]
