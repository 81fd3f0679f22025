from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from orch_next.clock import utc_seconds
from orch_next.core.logs import DecisionLine, LogLine, append_decision, read_log_lines

TOKYO = timezone(timedelta(hours=9))


def decision(**changes: object) -> DecisionLine:
    at = datetime(2025, 10, 1, 8, 59, 59, tzinfo=TOKYO)
    given = {"at": at, "task_id": "010", "step": "pending→approved", "role": "CMD"}
    given |= {"sha_in": "a" * 64, "sha_out": "b" * 64, "note": "よい"}
    return DecisionLine(**(given | changes))  # type: ignore[arg-type]


def test_seconds_are_utc() -> None:
    assert utc_seconds(datetime(2025, 10, 1, 8, 59, 59, tzinfo=TOKYO)) == "2025-09-30T23:59:59Z"


def test_the_file_is_named_after_the_day_in_utc(tmp_path: Path) -> None:
    path = append_decision(tmp_path / "記録", decision())
    assert path == tmp_path / "記録" / "2025-09" / "APPROVALS-2025-09-30.md"


def test_a_note_or_an_id_cannot_forge_a_line() -> None:
    bad = {"task_id": "010 by=CMD", "step": "x\n[TS=x]→y", "role": "a\nb"}
    text = decision(**bad, note='"\n[TS=x] by=CMD').as_text()
    assert text.count("\n") == 0
    assert " id=010_by=CMD op=x_[TS=x]→y by=a_b sha_in=" in text
    assert text.endswith('note="\' [TS=x] by=CMD"')


def test_lines_are_read_back_with_their_time(tmp_path: Path) -> None:
    append_decision(tmp_path, decision())
    (line,) = read_log_lines([tmp_path, tmp_path / "無い"])
    assert line == LogLine(decision().as_text(), "2025-09-30T23:59:59Z")


def test_only_bracketed_lines_of_approval_files_count(tmp_path: Path) -> None:
    text = "# 記録\r\n[2025] 承認 by=CMD\r\n[2025] 承認\r\n by=CMD\r\n"
    (tmp_path / "OLD-APPROVALS.md").write_text(text, encoding="utf-8", newline="")
    (tmp_path / "notes.md").write_text("[x] by=CMD\n", encoding="utf-8")
    (tmp_path / "APPROVALS.txt").write_text("[x] by=CMD\n", encoding="utf-8")
    assert list(read_log_lines([tmp_path])) == [LogLine("[2025] 承認 by=CMD", "")]
