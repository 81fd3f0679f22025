from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orch_next.cli import main
from orch_next.core.copies import find_copies
from orch_next.core.kinds import KINDS, LedgerKind
from tests.ledger_text import task_table
from tests.sample import copy_sample

MARKED = [
    "{}.md.conflict-20251009T030405Z-1",
    "{}.sync-conflict-20260101-101010-ABCDEFG.md",
    "{} (conflicted copy 2026-01-01 101010).md",
    "{} (太郎's conflicted copy 2026-01-01).md",
    "{} (太郎 の競合コピー 2026-01-01).md",
    "{}(競合コピー 2026-01-01).md",
    "{} (Case Conflict 1).md",
    "{} (SFConflict taro@example.invalid 2026-01-01-10-10-10).md",
    "{} [conflicted].md",
    "{}_conflict-20260101-101010.md",
    "{}_NAS_Jan-01-101010-2026_Conflict.md",
    "{}.Conflict.md",
    "{} (1).md",
    "{}(2).md",
    "{} 2.md",
    "{}.md.orig",
    "{}.md.rej",
    "{}.orig",
    "{}.orig.md",
    "{}_REMOTE_4711.md",
    "{}.md.mine",
    "{}.md.r12",
    "{}.md~HEAD",
]
ALIKE = ["{}-DESKTOP-7QX1.md", "{}-太郎のPC-2.md", "{} - コピー.md", "{} copy.md", "{}_作業.md"]
MEANT = ["{}-template.md", "{}-archive-2025.md", "{}_backup.md", "{}.old.md", "{}-雛形.md"]
OTHERS = ["{}.md", "{}.md.lock", ".{}.md.lock", ".{}.md.0a1b.tmp", "{}.md~", "#{}.md#", "{}.csv"]
OTHERS += ["README.md", "flags.md", "X-{}.md", "{}LIST.md", "{}.mdx"]

kinds = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return copy_sample(tmp_path) / "STATE"


def told(state: Path) -> list[tuple[str, str]]:
    known = {kind.name: ids(state, kind) for kind in KINDS}
    return [(p.file, p.message) for p in find_copies(state, known)]


def ids(state: Path, kind: LedgerKind[Any]) -> list[str]:
    rows = (state / kind.file_name).read_text(encoding="utf-8").split("\n")
    return [row.split("|")[1].strip() for row in rows if row.startswith("| ")]


def message(name: str) -> str:
    return f"an outside save that came in between lies in {name}: merge it, then delete it"


def put(state: Path, kind: LedgerKind[Any], pattern: str, data: bytes) -> str:
    name = pattern.format(kind.file_name.removesuffix(".md"))
    if name != kind.file_name:
        (state / name).write_bytes(data)
    return name


@kinds
@pytest.mark.parametrize("pattern", MARKED)
def test_a_name_that_says_it_all_is_told(state: Path, kind: LedgerKind[Any], pattern: str) -> None:
    name = put(state, kind, pattern, b"")
    assert told(state) == [(kind.file_name, message(name))]


@kinds
@pytest.mark.parametrize("pattern", ALIKE)
def test_a_name_that_may_mean_anything_is_told_for_the_same_records(
    state: Path, kind: LedgerKind[Any], pattern: str
) -> None:
    name = put(state, kind, pattern, (state / kind.file_name).read_bytes())
    assert told(state) == [(kind.file_name, message(name))]
    put(state, kind, pattern, b"# \xe5\x88\xa5\n")
    assert told(state) == []


@kinds
@pytest.mark.parametrize("pattern", MEANT + OTHERS)
def test_files_that_are_there_on_purpose_are_not_told(
    state: Path, kind: LedgerKind[Any], pattern: str
) -> None:
    put(state, kind, pattern, (state / kind.file_name).read_bytes())
    assert told(state) == []


def test_a_file_with_mostly_other_records_is_another_ledger(state: Path) -> None:
    (state / "TASKS 2026.md").write_text(task_table("001", "901", "902"), encoding="utf-8")
    assert told(state) == []


def test_what_is_no_plain_file_is_left_alone(state: Path) -> None:
    (state / "TASKS (1).md").mkdir()
    (state / "TASKS-HOST.md").symlink_to(state / "TASKS.md")
    assert told(state) == []


def test_a_missing_folder_has_no_copies(tmp_path: Path) -> None:
    assert find_copies(tmp_path / "無い", {}) == []


@pytest.mark.parametrize("strict", [[], ["--strict"]])
def test_check_and_doctor_name_the_copy(
    state: Path, capsys: pytest.CaptureFixture[str], strict: list[str]
) -> None:
    name = "TASKS.sync-conflict-20260101-101010-ABCDEFG.md"
    (state / name).write_bytes((state / "TASKS.md").read_bytes())
    root = ["--orch-root", str(state.parent)]
    assert main(["check", "--json", *strict, *root], {}) == 1
    found = json.loads(capsys.readouterr().out)
    assert [p["message"] for p in found if p["code"] == "conflict-copy"] == [message(name)]
    main(["doctor", *root], {"ORCH_PORT": "0"})
    assert name in capsys.readouterr().out
