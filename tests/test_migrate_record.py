from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import RecordError
from orch_next.migrate.facts import Fact
from orch_next.migrate.manifest import Item, Manifest, load_manifest, save_manifest
from orch_next.migrate.record import Entry, Journal, load_journal, save_journal
from orch_next.migrate.sealed import Seal, read_sealed

ENTRY = Entry("r1", "logs", 1, "committing", "C:\\MOC", "2025-10-09T03:04:05+00:00", 2, {"行": 3})
ITEM = Item("ログ/\udc8aw.log", "000000", Fact("file", 3, "ab", 0o644, 5), Fact("absent"), "gzip")


def test_a_journal_there_and_back(tmp_path: Path) -> None:
    journal = Journal((ENTRY,), ("a/b",))
    save_journal(tmp_path / "x" / "journal.json", journal)
    assert load_journal(tmp_path / "x" / "journal.json") == journal
    assert load_journal(tmp_path / "none.json") == Journal()


def test_states_are_values(tmp_path: Path) -> None:
    journal = Journal((ENTRY,)).add(Entry("r2", "logs", 1, "done", "", ""))
    done = journal.with_state(("r1", "logs"), "rolled_back", undone_by="r3")
    assert [entry.run for entry in journal.standing()] == ["r1", "r2"]
    assert [entry.run for entry in done.standing()] == ["r2"]
    assert done.runs() == ["r1", "r3", "r2"]


def test_a_manifest_there_and_back(tmp_path: Path) -> None:
    manifest = Manifest("r1", "logs", (ITEM,), ("data/logs",))
    save_manifest(tmp_path, manifest)
    assert load_manifest(tmp_path, "r1", "logs") == manifest
    with pytest.raises(RecordError, match=r"manifest\.json belongs to r1/logs"):
        load_manifest(tmp_path, "r2", "logs")
    with pytest.raises(RecordError, match=r"manifest\.json is missing"):
        load_manifest(tmp_path / "none", "r1", "logs")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def other_format(data: bytes) -> bytes:
    return json.dumps({**json.loads(data), "format": 99}).encode()


def other_body(data: bytes) -> bytes:
    return json.dumps({**json.loads(data), "body": []}).encode()


@pytest.mark.parametrize(
    "damage",
    [cut, other_format, other_body, lambda _: b"", lambda _: b"[" * 5000, lambda _: b"\xff\xfe"],
)
def test_damage_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "journal.json"
    save_journal(path, Journal((ENTRY,)))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RecordError, match=r"journal\.json is damaged"):
        load_journal(path)


@pytest.mark.parametrize(
    "body",
    [{}, [], {"entries": [{"run": "r"}], "folders": []}, {"entries": [1], "folders": []}],
)
def test_a_sealed_body_of_something_else_is_refused(tmp_path: Path, body: Any) -> None:
    Seal().write(tmp_path / "j", body)
    assert read_sealed(tmp_path / "j") == body
    with pytest.raises(RecordError, match="j is damaged"):
        load_journal(tmp_path / "j")


def test_an_unknown_state_is_refused(tmp_path: Path) -> None:
    entry = {"run": "r", "step": "s", "phase": 1, "state": "lost", "source": "", "started": ""}
    Seal().write(tmp_path / "j", {"entries": [entry], "folders": []})
    with pytest.raises(RecordError, match="unknown state: lost"):
        load_journal(tmp_path / "j")
