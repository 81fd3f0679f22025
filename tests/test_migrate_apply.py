from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import pytest
from filelock import FileLock

from orch_next.errors import BlockedError, BusyError, InputError, MigrationError, RecordError
from orch_next.migrate.apply import apply
from orch_next.migrate.changes import Put, Remove
from orch_next.migrate.facts import tree_facts
from orch_next.migrate.findings import Finding
from orch_next.migrate.plan import plan
from orch_next.migrate.rollback import rollback
from tests.moving import SampleStep, files, frame_of, house_of, put

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")
BLOCKER = Finding("blocker", "check-no", "STATE/TASKS.md:3", "no", "だめ")


def write_db(path: Path) -> None:
    path.write_bytes(b"db")


def outcomes(report: object) -> list[tuple[str, str]]:
    return [(step.name, step.outcome) for step in report.steps]  # type: ignore[attr-defined]


def test_puts_content_copies_and_built_files(tmp_path: Path) -> None:
    source, target = tmp_path / "moc", tmp_path / "next"
    (source / "LOGS").mkdir(parents=True)
    target.mkdir()
    log = source / "LOGS" / "夜間.log"
    log.write_bytes("記録\n".encode("cp932"))
    log.chmod(0o640)
    os.utime(log, ns=(5, 1_600_000_000_000_000_123))
    step = SampleStep(
        changes=(
            put("config/production.json", b"{}\n", mode=0o600),
            Put(PurePosixPath("data/logs/夜間.log"), origin=log),
            Put(PurePosixPath("data/x.db"), build=write_db),
        ),
        counts={"rows": 3},
    )
    report = apply(frame_of(house_of(target, source), step), (step,))
    assert files(target) == {
        "config/production.json": b"{}\n",
        "data/logs/夜間.log": log.read_bytes(),
        "data/x.db": b"db",
    }
    made = report.steps[0]
    assert (made.outcome, made.actions, made.size, made.verified, made.counts) == (
        "moved",
        {"create": 3},
        3 + 5 + 2,
        3,
        {"rows": 3},
    )
    facts = tree_facts(target)
    assert facts["data/logs/夜間.log"].mtime_ns == 1_600_000_000_000_000_123
    if os.name == "posix":
        assert [facts[name].mode for name in files(target)] == [0o600, 0o644, 0o640]
    assert list((target / "data" / "migration" / "staging").rglob("*")) == []


def test_a_second_apply_has_nothing_to_do(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("a"), put("b/c")))
    frame = frame_of(house_of(tmp_path), step)
    first, second = apply(frame, (step,)), apply(frame, (step,))
    assert (outcomes(first), outcomes(second)) == ([("sample", "moved")], [("sample", "nothing")])
    assert (second.steps[0].unchanged, len(frame.journal().entries)) == (2, 1)


def test_an_empty_step_is_done_once(tmp_path: Path) -> None:
    step = SampleStep()
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    apply(frame, (step,))
    assert [(entry.state, entry.changes) for entry in frame.journal().entries] == [("done", 0)]


@POSIX
def test_a_replaced_file_keeps_its_mode_and_a_mode_alone_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "TASKS.md").write_bytes(b"old")
    (tmp_path / "TASKS.md").chmod(0o660)
    (tmp_path / "secret").write_bytes(b"s")
    step = SampleStep(changes=(put("TASKS.md"), put("secret", b"s", mode=0o600)))
    apply(frame_of(house_of(tmp_path), step), (step,))
    modes = [(tmp_path / name).stat().st_mode & 0o7777 for name in ("TASKS.md", "secret")]
    assert modes == [0o660, 0o600]


def test_a_blocker_of_any_step_leaves_everything(tmp_path: Path) -> None:
    steps = SampleStep("one", changes=(put("a"),)), SampleStep("two", findings=(BLOCKER,))
    report = apply(frame_of(house_of(tmp_path), *steps), steps)
    assert (outcomes(report), files(tmp_path), report.is_fine) == ([("two", "blocked")], {}, False)


def test_a_blocker_found_while_planning_stops_there(tmp_path: Path) -> None:
    late = replace(BLOCKER, code="late")
    steps = (
        SampleStep("one", changes=(put("a"),)),
        SampleStep("two", changes=(put("b"),), findings=(late,)),
        SampleStep("three", changes=(put("c"),)),
    )
    report = apply(frame_of(house_of(tmp_path), *steps), steps)
    assert outcomes(report) == [("one", "moved"), ("two", "blocked")]
    assert files(tmp_path) == {"a": b"new\n"}


def test_what_is_wrong_afterwards_is_a_failure_that_can_be_taken_back(tmp_path: Path) -> None:
    wrong = Finding("problem", "counts-differ", "", "3 rows are missing", "3 行ありません")
    step = SampleStep(changes=(put("a"),), wrong=(wrong,))
    frame = frame_of(house_of(tmp_path), step)
    report = apply(frame, (step,))
    assert (outcomes(report), report.steps[0].findings) == ([("sample", "failed")], (wrong,))
    rollback(frame)
    assert files(tmp_path) == {}


def test_a_full_disk_is_seen_before_staging(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("a"),))
    report = apply(frame_of(house_of(tmp_path), step, free=lambda folder: 1_000), (step,))
    assert "has 0 MiB left, and the move needs 16 MiB; nothing was touched" in report.error
    assert files(tmp_path) == {}


def test_two_migrations_at_once_are_refused(tmp_path: Path) -> None:
    frame = frame_of(house_of(tmp_path))
    frame.places.root.mkdir(parents=True)
    with FileLock(frame.places.lock), pytest.raises(BusyError, match="another migration works on"):
        apply(frame, ())


@pytest.mark.parametrize("name", [".orch-next-owner.lock", ".dispatcher.lock"])
def test_a_running_server_is_refused(tmp_path: Path, name: str) -> None:
    state = tmp_path / "ORCH" / "STATE"
    state.mkdir(parents=True)
    with FileLock(state / name), pytest.raises(BlockedError, match="stop it first"):
        apply(frame_of(house_of(tmp_path)), ())
    assert apply(frame_of(house_of(tmp_path)), ()).is_fine


def test_another_source_is_refused_until_the_first_is_taken_back(tmp_path: Path) -> None:
    for name in ("a", "b", "next"):
        (tmp_path / name).mkdir()
    step = SampleStep(changes=(put("x"),))
    first = frame_of(house_of(tmp_path / "next", tmp_path / "a"), step)
    second = frame_of(house_of(tmp_path / "next", tmp_path / "b"), step)
    apply(first, (step,))
    with pytest.raises(BlockedError, match="roll that back first"):
        apply(second, (step,))
    rollback(second)
    assert outcomes(apply(second, (step,))) == [("sample", "moved")]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    house = replace(house_of(tmp_path), source=tmp_path / "C:\\MOC")
    with pytest.raises(InputError, match=r"MOC is no folder"):
        apply(frame_of(house), ())


def test_a_new_target_is_planned_as_empty_and_made(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("設定/a"),))
    target = tmp_path / "新規" / "NEXT"
    frame = frame_of(replace(house_of(tmp_path), target=target), step)
    assert [one.outcome for one in plan(frame, (step,)).steps] == ["planned"]
    assert not target.exists()
    assert outcomes(apply(frame, (step,))) == [("sample", "moved")]
    assert files(target) == {"設定/a": b"new\n"}


def test_a_target_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    frame = frame_of(replace(house_of(tmp_path), target=tmp_path / "a"))
    for use in (plan, apply):
        with pytest.raises(InputError, match="a is no folder"):
            use(frame, ())
    inside = frame_of(replace(house_of(tmp_path), target=tmp_path / "a" / "b"))
    with pytest.raises(MigrationError, match=r"cannot be made: .*nothing was touched"):
        apply(inside, ())


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_what_the_frame_keeps_is_closed_to_others(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("a"),))
    (tmp_path / "data" / "migration").mkdir(parents=True, mode=0o755)
    apply(frame_of(house_of(tmp_path), step), (step,))
    assert (tmp_path / "data" / "migration").stat().st_mode & 0o777 == 0o700


def test_a_file_edited_since_stays_and_one_edited_on_both_sides_blocks(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("a", b"one"), put("b", b"one")))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    (tmp_path / "a").write_bytes("手で編集".encode())
    again = apply(frame, (step,))
    codes = [(f.severity, f.code, f.where) for f in again.steps[0].findings]
    assert (codes, outcomes(again)) == ([("info", "edited-since", "a")], [("sample", "nothing")])
    other = SampleStep(changes=(put("a", b"two"), put("b", b"two")))
    both = apply(frame_of(house_of(tmp_path), other), (other,))
    codes = [(f.severity, f.code, f.where) for f in both.steps[0].findings]
    assert codes == [("blocker", "edited-on-both-sides", "a")]
    assert files(tmp_path) == {"a": "手で編集".encode(), "b": b"one"}


def test_a_source_that_went_on_is_caught_up_with(tmp_path: Path) -> None:
    before = SampleStep(changes=(put("a", b"one"),))
    after = SampleStep(changes=(put("a", b"two"),))
    apply(frame_of(house_of(tmp_path), before), (before,))
    report = apply(frame_of(house_of(tmp_path), after), (after,))
    assert (outcomes(report), files(tmp_path)) == ([("sample", "moved")], {"a": b"two"})
    assert rollback(frame_of(house_of(tmp_path), after)).is_fine
    assert files(tmp_path) == {}


def test_a_removal_of_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    step = SampleStep(changes=(Remove(PurePosixPath("LOGS/old.log")),))
    assert outcomes(apply(frame_of(house_of(tmp_path), step), (step,))) == [("sample", "nothing")]


def test_a_damaged_journal_is_named_and_nothing_is_touched(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("a"),))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    journal = frame.places.journal
    journal.write_bytes(journal.read_bytes().replace(b'"done"', b'"rolled_back"'))
    for work in (partial(apply, frame, (step,)), partial(rollback, frame)):
        with pytest.raises(RecordError, match=r"journal\.json is damaged"):
            work()
    assert files(tmp_path) == {"a": b"new\n"}


def test_what_a_killed_run_left_unfinished_is_swept(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("a"),))
    frame = frame_of(house_of(tmp_path), step)
    for folder in (frame.places.staged("old", "x"), frame.places.backup("old", "x")):
        folder.mkdir(parents=True)
        (folder / "000000").write_bytes(b"half")
    apply(frame, (step,))
    left = [p for p in (frame.places.staging / "old", frame.places.backups / "old") if p.exists()]
    assert left == []


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    step = SampleStep(changes=(put("a", b"x" * 100),))
    house = replace(house_of(tmp_path), say=lambda *what: said.append(what))
    apply(frame_of(house, step), (step,))
    last = {what: (done, total) for what, done, total in said}
    assert last["sample: stage"] == last["sample: verify"] == (100, 100)
