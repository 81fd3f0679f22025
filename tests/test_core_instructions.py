"""Instructions: unique ids, both file forms, and a corrupt file is never overwritten (D43)."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.core.instructions import Instructions
from orch_next.errors import DamagedError, InputError
from orch_next.storage.json_files import JsonRecords

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
SECOND = int(NOW.timestamp())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "work_instructions.json"


def opened(path: Path) -> Instructions:
    return Instructions(JsonRecords(path, "items"), now=lambda: NOW)


def test_an_instruction_is_stored_as_the_legacy_did(path: Path) -> None:
    item = opened(path).add("点検", r"C:\成果\報告.md を確認", "CMD")
    assert item == {
        "id": f"INS-{SECOND}",
        "title": "点検",
        "detail": r"C:\成果\報告.md を確認",
        "owner": "CMD",
        "created_at": NOW.astimezone().replace(tzinfo=None).isoformat("T", "microseconds"),
    }
    assert json.loads(path.read_text(encoding="utf-8")) == [item]
    assert opened(path).list_all() == [item]


def test_ids_of_one_second_differ_even_at_the_same_moment(path: Path) -> None:
    instructions = opened(path)
    threads = [threading.Thread(target=instructions.add, args=("a", "", "CMD")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = {item["id"] for item in instructions.list_all()}
    assert ids == {f"INS-{SECOND}", *(f"INS-{SECOND}-{n}" for n in range(2, 9))}


@pytest.mark.parametrize("text", ["", "{", '{"other": []}', "[NaN]", "null"])
def test_a_corrupt_file_is_never_overwritten(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DamagedError):
        opened(path).add("点検", "", "CMD")
    assert path.read_text(encoding="utf-8") == text


def test_missing_keys_are_empty_and_too_much_text_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('[{"id": "INS-1", "more": 1}, "text"]', encoding="utf-8")
    assert opened(path).list_all() == [
        {"id": "INS-1", "title": "", "detail": "", "owner": "", "created_at": "", "more": 1}
    ]
    with pytest.raises(InputError):
        opened(path).add("x" * 20_001, "", "CMD")
