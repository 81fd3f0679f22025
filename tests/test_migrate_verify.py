from __future__ import annotations

from pathlib import Path

from orch_next.migrate.apply import apply
from orch_next.migrate.facts import tree_facts
from orch_next.migrate.findings import Finding
from orch_next.migrate.plan import plan
from orch_next.migrate.rehearse import there_and_back
from orch_next.migrate.rollback import preview
from orch_next.migrate.verify import status, verify
from tests.moving import SampleStep, frame_of, house_of, put


def test_a_plan_says_what_apply_would_do_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "same").write_bytes(b"new\n")
    (tmp_path / "same").chmod(0o644)
    warning = Finding("warning", "w", "a:1", "odd", "変")
    step = SampleStep(
        changes=(put("a"), put("b/c"), put("same")),
        moves=(("a.log", "data/a.log"),),
        findings=(warning,),
        counts={"rows": 2},
    )
    (tmp_path / "a.log").write_bytes(b"log")
    frame = frame_of(house_of(tmp_path), step)
    before = tree_facts(tmp_path)
    (planned,) = plan(frame, (step,)).steps
    assert (tree_facts(tmp_path), (tmp_path / "data").exists()) == (before, False)
    (made,) = apply(frame, (step,)).steps
    marks = [(one.path, one.action, one.size, one.sha256) for one in planned.touched]
    assert marks == [(one.path, one.action, one.size, one.sha256) for one in made.touched]
    assert (planned.outcome, planned.unchanged, planned.findings) == ("planned", 1, (warning,))
    assert plan(frame, (step,)).steps[0].outcome == "nothing"


def test_a_plan_shows_every_blocker(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("../x"), put("a")))
    report = plan(frame_of(house_of(tmp_path), step), (step,))
    found = [(one.code, one.where) for one in report.steps[0].findings]
    assert (report.is_fine, found) == (False, [("path-bad", "../x")])


def test_verify_counts_and_finds_damage(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    step = SampleStep(changes=(put("a"), put("b"), put("c")))
    frame = frame_of(house_of(tmp_path), step)
    assert [one.outcome for one in verify(frame, (step,)).steps] == ["nothing"]
    apply(frame, (step,))
    (tmp_path / "b").write_bytes(b"edited")
    (tmp_path / "c").unlink()
    (found,) = verify(frame, (step,)).steps
    assert (found.outcome, found.verified, found.counts) == (
        *("verified", 3),
        {"as moved": 1, "edited since": 1, "gone": 1},
    )
    (kept,) = (frame.places.backup(*frame.journal().entries[0].key) / "files").iterdir()
    kept.write_bytes(b"rotten")
    (found,) = verify(frame, (step,)).steps
    assert (found.outcome, [one.code for one in found.findings]) == ("failed", ["backup-damaged"])


def test_what_a_later_step_wrote_was_not_edited(tmp_path: Path) -> None:
    one = SampleStep("one", 1, (put("orch.db", b"one"),))
    two = SampleStep("two", 2, (put("orch.db", b"two"),))
    frame = frame_of(house_of(tmp_path), one, two)
    apply(frame, (one, two))
    assert [step.counts for step in verify(frame, (one, two)).steps] == [{"as moved": 1}] * 2
    coming = [(step.name, step.actions) for step in preview(frame).steps]
    assert coming == [("two", {"restore": 1}), ("one", {"restore": 1})]
    (tmp_path / "orch.db").write_bytes("編集".encode())
    assert [step.counts for step in verify(frame, (one, two)).steps] == [{"edited since": 1}] * 2
    assert [step.actions for step in preview(frame).steps] == [{"keep": 1}, {"restore": 1}]


def test_verify_asks_the_step(tmp_path: Path) -> None:
    wrong = Finding("problem", "rows", "", "3 rows differ", "3 行が異なります")
    step = SampleStep(changes=(put("a"),), wrong=(wrong,))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    assert verify(frame, (step,)).steps[0].findings == (wrong,)


def test_status(tmp_path: Path) -> None:
    steps = SampleStep("one", 1, (put("a"),)), SampleStep("two", 2, (put("b"),))
    frame = frame_of(house_of(tmp_path), *steps)
    apply(frame, steps[:1])
    assert [(one.name, one.state, one.changes) for one in status(frame)] == [
        ("one", "done", 1),
        ("two", "open", 0),
    ]


def test_a_rehearsal_leaves_its_folders_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a.log").write_bytes(b"log")
    steps = (
        SampleStep("one", 1, (put("a"),), counts={"rows": 1}),
        SampleStep("two", 2, (), (("a.log", "data/a.log"),)),
    )
    checks = list(there_and_back(frame_of(house_of(tmp_path), *steps)))
    assert [(check.name, check.fine) for check in checks] == [
        ("phase 1 there", True),
        ("phase 1 verified", True),
        ("phase 2 there", True),
        ("phase 2 verified", True),
        ("second apply", True),
        ("phase 2 back", True),
        ("phase 1 back", True),
        ("tree as before", True),
    ]
    assert checks[-1].detail == "2 paths identical"


def test_a_rehearsal_notices_a_step_that_never_rests(tmp_path: Path) -> None:
    steps = SampleStep("one", 1, (put("a", b"1"),)), SampleStep("two", 2, (put("a", b"2"),))
    wrong = [c.name for c in there_and_back(frame_of(house_of(tmp_path), *steps)) if not c.fine]
    assert wrong == ["second apply"]
