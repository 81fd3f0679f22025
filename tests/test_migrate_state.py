from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from orch_next.core.strict import check_folder
from orch_next.migrate.changes import Put
from orch_next.migrate.house import Dialect, House, Options
from orch_next.migrate.state.words import is_known
from orch_next.migrate.step import Work
from orch_next.migrate.steps.state import StateStep
from tests.conftest import NOW
from tests.ledger_text import task_row, task_table
from tests.moc_tree import build_moc
from tests.test_core_strict import MUTANTS

STEP = StateStep()
STATE = PurePosixPath("ORCH/STATE")
HEAD = (
    "| appr_id | task_id | op | status | requested_by | approver | approver_role | ts_req"
    " | ts_dec | evidence |\n" + "|---" * 10 + "|\n"
)


def approval(status: str, approver: str, ts_dec: str, op: str = "変更") -> str:
    role = "-" if approver == "-" else "CMD"
    return (
        f"{HEAD}| A001 | 001 | {op} | {status} | WORK | {approver} | {role}"
        f" | 2025-10-07T00:00:00Z | {ts_dec} | C:\\証跡\\a.md |\n"
    )


PENDING = approval("pending", "-", "-")
DECIDED = approval("approved", "CMD", "2025-10-07T01:00:00Z")


def house(
    source: Path, target: Path | None = None, dialect: Dialect = "keep", sections: bool = False
) -> House:
    return House(source, target or source, NOW, Options(dialect=dialect, sections=sections))


def put(folder: Path, **texts: str | bytes) -> Path:
    """Write ledgers by their name in small letters."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        (folder / f"{name.upper()}.md").write_bytes(data)
    return folder


def content(work: Work, name: str) -> str | None:
    """Return what a file shall hold; None where it stays as it is."""
    wanted = STATE / name
    found = [one for one in work.changes if isinstance(one, Put) and one.path == wanted]
    if not found:
        return None
    (one,) = found
    return one.content.decode() if one.content is not None else f"copy of {one.origin}"


def told(work: Work) -> list[tuple[str, str, str]]:
    """Return the findings but for files that a test did not write."""
    found = [(one.severity, one.code, one.where) for one in work.findings]
    return [one for one in found if one[1] != "missing-file"]


def commit(target: Path, work: Work) -> None:
    """Do what the frame does, without its safety."""
    for one in work.changes:
        assert isinstance(one, Put)
        path = target / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        data = one.content if one.content is not None else (one.origin or path).read_bytes()
        path.write_bytes(data)


def test_a_sound_ledger_stays_byte_for_byte_where_it_is(tmp_path: Path) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=PENDING)
    assert STEP.plan(house(tmp_path)).changes == ()
    work = STEP.plan(house(tmp_path, tmp_path / "新"))
    assert content(work, "TASKS.md") == f"copy of {tmp_path / 'ORCH' / 'STATE' / 'TASKS.md'}"


def test_the_asked_dialect_changes_the_header_only(tmp_path: Path) -> None:
    text = "\ufeff# 台帳\r\n\r\n" + task_table("001").replace("\n", "\r\n")
    put(tmp_path / "ORCH" / "STATE", tasks=text)
    work = STEP.plan(house(tmp_path, dialect="moc"))
    wanted = text.replace("| id |", "| task_id |").replace("| status |", "| state |")
    assert content(work, "TASKS.md") == wanted
    commit(tmp_path, work)
    assert STEP.plan(house(tmp_path, dialect="moc")).changes == ()


@pytest.mark.parametrize("place", ["STATE", "../STATE"])
def test_a_row_that_only_the_other_root_has_is_added(tmp_path: Path, place: str) -> None:
    moc = tmp_path / "moc"
    put(moc / "ORCH" / "STATE", tasks=task_table("001") + "\n文\n")
    other = task_table("001", "002", names=["task_id", "title", "state", *TASK_TAIL])
    put((moc / place).resolve(), tasks=other)
    work = STEP.plan(house(moc))
    assert content(work, "TASKS.md") == task_table("001", "002") + "\n文\n"
    assert [one[:2] for one in told(work)] == [("warning", "other-root-added")]


TASK_TAIL = ["owner", "lock", "lock_owner", "lock_expires_at", "due", "artifact", "notes"]


def test_where_the_roots_disagree_orchs_value_stays_and_both_are_told(tmp_path: Path) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=HEAD)
    put(tmp_path / "STATE", tasks=task_table("001").replace("READY", "DONE"))
    work = STEP.plan(house(tmp_path))
    assert (content(work, "TASKS.md"), told(work)) == (
        None,
        [("problem", "roots-disagree", "STATE/TASKS.md:3")],
    )
    assert work.findings[-1].message == (
        "001 status: 'READY' (ORCH/STATE/TASKS.md:3) / 'DONE' (STATE/TASKS.md:3): "
        "ORCH's value is kept"
    )
    assert work.notes["disagreements"] == [
        {
            "file": "TASKS.md",
            "record_id": "001",
            "column": "status",
            "orch": "READY",
            "other": "DONE",
            "taken": "orch",
            "orch_line": 3,
            "other_line": 3,
        }
    ]
    assert work.counts["disagreements"] == 1


def test_a_later_decision_of_the_other_root_is_taken(tmp_path: Path) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=PENDING)
    put(tmp_path / "STATE", approvals=DECIDED)
    work = STEP.plan(house(tmp_path))
    assert (content(work, "APPROVALS.md"), work.counts["cells_from_other_root"]) == (DECIDED, 4)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (DECIDED, PENDING),
        (DECIDED, DECIDED.replace("approved", "rejected")),
        (PENDING, approval("approved", "CMD", "2025-10-07T01:00:00Z", op="別の操作")),
        (PENDING, approval("approved", "CMD", "-")),
        (PENDING, approval("perhaps", "CMD", "2025-10-07T01:00:00Z")),
    ],
)
def test_no_other_decision_is_taken(tmp_path: Path, ours: str, theirs: str) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=ours)
    put(tmp_path / "STATE", approvals=theirs)
    work = STEP.plan(house(tmp_path))
    assert content(work, "APPROVALS.md") is None
    assert ("problem", "roots-disagree", "STATE/APPROVALS.md:3") in told(work)


def test_no_decision_goes_into_a_row_with_cells_too_many(tmp_path: Path) -> None:
    shifted = PENDING[:-1] + " 余り |\n"
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=shifted)
    put(tmp_path / "STATE", approvals=DECIDED)
    work = STEP.plan(house(tmp_path))
    assert content(work, "APPROVALS.md") is None
    assert ("problem", "surplus-cells", "ORCH/STATE/APPROVALS.md:3") in told(work)
    assert ("problem", "other-root-left", "STATE/APPROVALS.md:3") in told(work)


def test_ids_that_are_there_twice_are_not_compared(tmp_path: Path) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001", "001"), approvals=HEAD)
    put(tmp_path / "STATE", tasks=task_table("001").replace("READY", "DONE"))
    work = STEP.plan(house(tmp_path))
    assert content(work, "TASKS.md") is None
    assert told(work) == [
        ("problem", "duplicate-id", "ORCH/STATE/TASKS.md:3"),
        ("problem", "duplicate-id", "ORCH/STATE/TASKS.md:4"),
        ("problem", "other-root-left", "STATE/TASKS.md:3"),
    ]


def test_a_row_with_more_columns_is_left_and_told(tmp_path: Path) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=HEAD)
    put(tmp_path / "STATE", tasks=task_table("001") + task_row("002")[:-1] + " 余り |\n")
    work = STEP.plan(house(tmp_path, tmp_path / "新"))
    assert ("problem", "other-root-left", "STATE/TASKS.md:4") in told(work)
    kept = [str(one.path) for one in work.changes if "other_root" in str(one.path)]
    assert kept == ["data/other_root/1/TASKS.md"]


@pytest.mark.parametrize("ours", [None, "", "\ufeff\r\n"])
def test_a_file_that_orchs_root_lacks_is_taken_whole(tmp_path: Path, ours: str | None) -> None:
    state = put(tmp_path / "ORCH" / "STATE", approvals=HEAD)
    if ours is not None:
        put(state, tasks=ours)
    other = put(tmp_path / "STATE", tasks=task_table("001"))
    work = STEP.plan(house(tmp_path))
    assert content(work, "TASKS.md") == f"copy of {other / 'TASKS.md'}"
    assert ("warning", "other-root-only", "STATE/TASKS.md") in told(work)


def test_state_beside_the_source_itself_moves_below_orch(tmp_path: Path) -> None:
    put(tmp_path / "STATE", tasks=task_table("001"), approvals=HEAD)
    work = STEP.plan(house(tmp_path))
    assert content(work, "TASKS.md") == f"copy of {tmp_path / 'STATE' / 'TASKS.md'}"


def test_without_a_state_folder_nothing_goes_on(tmp_path: Path) -> None:
    assert [one.code for one in STEP.check(house(tmp_path))] == ["no-state"]
    assert STEP.plan(house(tmp_path)) == Work()


@pytest.mark.parametrize("encoding", ["utf-16", "cp932"])
def test_a_ledger_in_another_encoding_becomes_utf8_and_is_kept(
    tmp_path: Path, encoding: str
) -> None:
    data = task_table("001").replace("\n", "\r\n").encode(encoding)
    put(tmp_path / "ORCH" / "STATE", tasks=data, approvals=HEAD)
    work = STEP.plan(house(tmp_path))
    assert content(work, "TASKS.md") == task_table("001").replace("\n", "\r\n")
    kept = [one for one in work.changes if isinstance(one, Put) and one.content == data]
    assert [str(one.path) for one in kept] == ["data/transcoded/TASKS.md"]
    assert told(work) == [("warning", "ledger-transcoded", "ORCH/STATE/TASKS.md")]


@pytest.mark.parametrize(
    ("tasks", "code"),
    [
        (b"\xff\xfe\xff", "not-utf-8"),
        (task_table("001").encode() + b"\n\x82\xa0\xff\xff\n", "not-utf-8"),
        (task_table("001") + "<<<<<<< HEAD\n", "conflict-marker"),
        (task_table("001") + "\0\0\n", "nul-character"),
    ],
)
def test_a_damaged_ledger_stops_the_step(tmp_path: Path, tasks: str | bytes, code: str) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=tasks)
    work = STEP.plan(house(tmp_path))
    assert [one.code for one in work.findings if one.severity == "blocker"] == [code]
    assert content(work, "TASKS.md") is None


def test_a_damaged_other_root_is_told_and_not_compared(tmp_path: Path) -> None:
    put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=HEAD)
    put(tmp_path / "STATE", tasks=task_table("002") + "=======\n>>>>>>> b\n")
    work = STEP.plan(house(tmp_path))
    assert content(work, "TASKS.md") is None
    assert told(work) == [("problem", "other-root-damaged", "STATE/TASKS.md")]


def test_the_fabricated_installation_moves_with_everything_told(tmp_path: Path) -> None:
    moc = build_moc(tmp_path / "旧")
    target = tmp_path / "新"
    work = STEP.plan(house(moc, target))
    assert work.counts == {
        "tasks": 9,
        "approvals": 4,
        "milestones": 2,
        "rows_from_sections": 0,
        "rows_from_other_root": 1,
        "cells_from_other_root": 4,
        "disagreements": 1,
        "expired_locks": 4,
    }
    assert [code for level, code, _ in told(work) if level == "problem"] == [
        *("duplicate-id", "duplicate-id", "roots-disagree"),
    ]
    before = (moc / STATE / "TASKS.md").read_bytes()
    after = (content(work, "TASKS.md") or "").encode()
    new = "| 008 | 書き込み側だけの作業 | PLAN | WORK | - | - | - | None | - | 旧APIで作成 |\r\n"
    assert after.replace(new.encode(), b"") == before
    commit(target, work)
    assert STEP.verify(house(moc, target), work) == []
    locks = sorted(path.name for path in (target / STATE / "LOCKS").iterdir())
    assert locks == sorted(path.name for path in (moc / STATE / "LOCKS").iterdir())
    assert [one.code for one in STEP.check(house(moc, target))] == []


def test_sections_move_with_their_sidecar_and_the_second_time_nothing(tmp_path: Path) -> None:
    moc = build_moc(tmp_path, tasks="bullets")
    asked = house(moc, sections=True)
    work = STEP.plan(asked)
    assert (work.counts["rows_from_sections"], work.counts["rows_from_other_root"]) == (2, 3)
    assert "説明の本文" in (content(work, "TASKS.sections.md") or "")
    assert ("info", "section-rest", "ORCH/STATE/TASKS.md:5") in told(work)
    assert [one for one in told(work) if one[1] == "section-row"] == [
        ("info", "section-row", "ORCH/STATE/TASKS.md:5"),
        ("info", "section-row", "ORCH/STATE/TASKS.md:15"),
    ]
    commit(moc, work)
    assert STEP.verify(asked, work) == []
    assert STEP.plan(asked).changes == ()


def test_sections_stay_unless_asked_for(tmp_path: Path) -> None:
    moc = build_moc(tmp_path, tasks="bullets")
    work = STEP.plan(house(moc, tmp_path / "新"))
    moved = content(work, "TASKS.md") or ""
    assert (moved[:7], work.counts["rows_from_sections"]) == ("copy of", 0)
    assert ("warning", "sections-left", "ORCH/STATE/TASKS.md") in told(work)


NOTE = "\n### 2025-10-13 result\n- status: DONE\n\n### Note-1 result\n- **状態**: DONE\n"
SAID = "\n#### 009: x\n- **task_id**: 009\n- **state**: DONE\n"


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("text", [NOTE, SAID, NOTE + SAID])
def test_text_beside_a_table_stays_text(tmp_path: Path, text: str, asked: bool) -> None:
    state = tmp_path / "moc" / "ORCH" / "STATE"
    put(state, tasks=task_table("001") + text)
    before = (state / "TASKS.md").read_bytes()
    asked_house = house(tmp_path / "moc", tmp_path / "新", sections=asked)
    work = STEP.plan(asked_house)
    commit(tmp_path / "新", work)
    assert (tmp_path / "新" / STATE / "TASKS.md").read_bytes() == before
    count = sum(one.code == "sections-left" for one in work.findings)
    assert count == (SAID in text)


def test_a_note_alone_is_no_task(tmp_path: Path) -> None:
    put(tmp_path / "moc" / "ORCH" / "STATE", tasks="# 作業\n" + NOTE)
    work = STEP.plan(house(tmp_path / "moc", tmp_path / "新", sections=True))
    moved = content(work, "TASKS.md") or ""
    assert (moved[:7], work.counts["tasks"]) == ("copy of", 0)


def test_two_plans_of_one_tree_are_equal(tmp_path: Path) -> None:
    moc = build_moc(tmp_path, tasks="bullets")
    assert STEP.plan(house(moc, tmp_path / "新")) == STEP.plan(house(moc, tmp_path / "新"))


def test_records_that_differ_after_the_move_are_told(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    target = tmp_path / "新"
    work = STEP.plan(house(moc, target))
    commit(target, work)
    path = target / STATE / "TASKS.md"
    path.write_bytes(path.read_bytes().replace(b"| REVIEW |", b"| DONE |"))
    (target / STATE / "MILESTONES.md").unlink()
    wrong = [(one.code, one.where) for one in STEP.verify(house(moc, target), work)]
    assert wrong == [
        ("records-differ", "ORCH/STATE/TASKS.md"),
        ("records-differ", "ORCH/STATE/MILESTONES.md"),
    ]


def test_rows_of_the_target_that_would_go_are_told(tmp_path: Path) -> None:
    put(tmp_path / "旧" / "ORCH" / "STATE", tasks=task_table("001"))
    put(tmp_path / "新" / "ORCH" / "STATE", tasks=task_table("001", "007"))
    (found,) = STEP.check(house(tmp_path / "旧", tmp_path / "新"))
    assert (found.severity, found.code) == ("problem", "target-replaced")
    assert "1 records of the target go" in found.message


@pytest.mark.skipif(os.name != "posix", reason="links and modes")
def test_links_modes_and_our_own_lock_files(tmp_path: Path) -> None:
    state = put(tmp_path / "ORCH" / "STATE", tasks=task_table("001"), approvals=HEAD)
    put(tmp_path / "STATE", tasks=task_table("001", "002"))
    (state / "TASKS.md").chmod(0o660)
    (state / ".TASKS.md.lock").touch()
    (state / "覚え書き.md").symlink_to("TASKS.md")
    (state / "gone.md").symlink_to("nowhere.md")
    (state / "old").symlink_to("..")
    work = STEP.plan(house(tmp_path, tmp_path / "新"))
    files = {str(one.path): one.mode for one in work.changes if isinstance(one, Put)}
    assert files == {
        "ORCH/STATE/TASKS.md": 0o660,
        "ORCH/STATE/APPROVALS.md": None,
        "ORCH/STATE/覚え書き.md": None,
        "data/other_root/1/TASKS.md": None,
    }
    assert [one for one in told(work) if "link" in one[1] or "copied" in one[1]] == [
        ("info", "link-copied", "ORCH/STATE/覚え書き.md"),
        ("warning", "not-copied", "ORCH/STATE/gone.md"),
        ("warning", "not-copied", "ORCH/STATE/old"),
    ]


def test_every_code_of_the_strict_check_has_japanese_words(tmp_path: Path) -> None:
    codes = {mutant.code for mutant in MUTANTS.values()}
    moc = build_moc(tmp_path)
    codes |= {one.code for one in check_folder(moc / STATE, moc, NOW)}
    assert sorted(code for code in codes if not is_known(code)) == []
