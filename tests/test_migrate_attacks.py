"""What somebody who can write the target's folder tries with a later rollback or move."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orch_next.cli import main
from orch_next.errors import MigrationError, OrchError, RecordError
from orch_next.migrate.apply import apply
from orch_next.migrate.backup import sweep
from orch_next.migrate.choose import choose_steps
from orch_next.migrate.durable import put_in_place, remove
from orch_next.migrate.facts import tree_facts
from orch_next.migrate.findings import Finding
from orch_next.migrate.frame import Frame
from orch_next.migrate.manifest import load_manifest
from orch_next.migrate.order import all_steps
from orch_next.migrate.own_key import key_path, load_key
from orch_next.migrate.pages import as_html, as_markdown
from orch_next.migrate.places import Places
from orch_next.migrate.plan import plan
from orch_next.migrate.record import Journal
from orch_next.migrate.report import RunReport, StepReport, Touched
from orch_next.migrate.rollback import preview, rollback
from orch_next.migrate.sealed import Seal, read_sealed
from tests.ledger_text import task_table
from tests.moving import SampleStep, frame_of, house_of, put

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and modes are POSIX's")
RUN = "20251009T030405Z"


def moved(target: Path, *paths: str) -> tuple[Frame, Path]:
    """Move some new files below a folder; return the frame and the manifest's path."""
    target.mkdir(exist_ok=True)
    step = SampleStep(changes=tuple(put(path) for path in paths or ("new.txt",)))
    frame = frame_of(house_of(target), step)
    assert apply(frame, (step,)).is_fine
    return frame, frame.places.backup(RUN, "sample") / "manifest.json"


def forge(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a sealed file as somebody does who has read the source, and holds the key."""
    body = read_sealed(path)
    change(body)
    Seal().write(path, body)


@pytest.mark.parametrize(
    "path",
    [
        "../victim.txt",
        "config/../../victim.txt",
        "/etc/victim.txt",
        "C:/victim.txt",
        "./new.txt",
        "a//new.txt",
        "data/migration/journal.json",
        "",
        "a\0b",
    ],
)
@pytest.mark.parametrize("where", ["items", "folders"])
def test_a_manifest_names_nothing_outside_the_target(tmp_path: Path, path: str, where: str) -> None:
    frame, manifest = moved(tmp_path / "next")
    (tmp_path / "victim.txt").write_text("kept")

    def change(body: dict[str, Any]) -> None:
        if where == "items":
            body["items"][0]["path"] = path
        else:
            body["folders"] = [path]

    forge(manifest, change)
    before = tree_facts(tmp_path)
    for act in (rollback, preview):
        with pytest.raises(RecordError, match="no path below the target"):
            act(frame)
    assert tree_facts(tmp_path) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["items"][0].update(name="../../../../victim.txt"),
        lambda body: body["items"][0].update(store="other"),
        lambda body: body["items"][0].update(before={"kind": "folder"}),
    ],
)
def test_a_manifest_holds_changes_of_files_only(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    frame, manifest = moved(tmp_path / "next")
    forge(manifest, change)
    with pytest.raises(RecordError, match="no change of a file"):
        rollback(frame)


@pytest.mark.parametrize("name", ["run", "step", "undone_by"])
def test_a_journal_names_no_folder_elsewhere(tmp_path: Path, name: str) -> None:
    frame, _ = moved(tmp_path)
    forge(frame.places.journal, lambda body: body["entries"][0].update({name: "../../.."}))
    with pytest.raises(RecordError, match="no name of a run or step"):
        rollback(frame)


def test_a_journal_removes_no_folder_elsewhere(tmp_path: Path) -> None:
    frame, _ = moved(tmp_path / "next")
    (tmp_path / "empty").mkdir()
    forge(frame.places.journal, lambda body: body.update(folders=["../empty"]))
    with pytest.raises(RecordError, match="no path below the target"):
        rollback(frame)


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    frame, _ = moved(tmp_path / "next", "config/local/x.toml")
    shutil.move(tmp_path / "next" / "config", tmp_path / "elsewhere")
    (tmp_path / "next" / "config").symlink_to(tmp_path / "elsewhere")
    before = tree_facts(tmp_path / "elsewhere")
    with pytest.raises(RecordError, match="leads through a link out of"):
        rollback(frame)
    assert tree_facts(tmp_path / "elsewhere") == before


@pytest.mark.parametrize("act", ["put", "remove"])
def test_no_write_goes_through_a_link_out(tmp_path: Path, act: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root, outside):
        folder.mkdir()
    (outside / "victim").write_text("kept")
    (root / "folder").symlink_to(outside)
    (root / "staged").write_text("new")
    with pytest.raises(MigrationError, match="out of"):
        if act == "put":
            put_in_place(root / "staged", root / "folder" / "victim", root)
        else:
            remove(root / "folder" / "victim", root)
    assert (outside / "victim").read_text() == "kept"


@pytest.mark.parametrize("asked", [False, True])
def test_setuid_is_restored_only_where_asked(tmp_path: Path, asked: bool) -> None:
    (tmp_path / "tool").write_text("old")
    (tmp_path / "tool").chmod(0o4755)
    step = SampleStep(changes=(put("tool", b"new", mode=0o644),))
    frame = frame_of(house_of(tmp_path, restore_marks=asked), step)
    apply(frame, (step,))
    report = rollback(frame)
    mode = stat.S_IMODE((tmp_path / "tool").stat().st_mode)
    codes = [one.code for one in report.steps[0].findings]
    assert (mode, codes) == ((0o4755, []) if asked else (0o755, ["marks-dropped"]))


@pytest.mark.parametrize("kind", ["symlink", "fifo"])
def test_a_backup_that_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_text("old")
    step = SampleStep(changes=(put("a", b"new"),))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    kept = frame.places.backup(RUN, "sample") / "files" / "000000"
    kept.unlink()
    (tmp_path / "same").write_text("old")
    kept.symlink_to(tmp_path / "same") if kind == "symlink" else os.mkfifo(kept)
    with pytest.raises(RecordError, match="cannot be read"):
        rollback(frame)


@pytest.mark.parametrize("name", ["staging", "backups"])
def test_sweeping_removes_links_and_not_what_they_lead_to(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside" / "thesis").mkdir(parents=True)
    (tmp_path / "outside" / "thesis" / "a.txt").write_text("kept")
    places = Places(tmp_path / "next")
    folder = places.root / name
    folder.mkdir(parents=True)
    (folder / "20250101T000000Z").symlink_to(tmp_path / "outside")
    sweep(places, Journal())
    assert (list(folder.iterdir()), (tmp_path / "outside" / "thesis" / "a.txt").read_text()) == (
        [],
        "kept",
    )


@pytest.mark.parametrize(
    "name", ["backups", "staging", "reports", "kept", ".migration.lock", "journal.json"]
)
def test_the_frames_own_places_are_no_links(tmp_path: Path, name: str) -> None:
    frame, _ = moved(tmp_path / "next")
    place = frame.places.root / name
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    place.symlink_to(tmp_path / "outside")
    with pytest.raises(OrchError, match="is a link"):
        rollback(frame)
    assert not (tmp_path / "outside").exists()


def test_a_record_of_another_account_is_not_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "next"
    _frame, manifest = moved(target)
    before = tree_facts(target)
    assert main(["migrate", "rollback", "--yes", "--target", str(target)], {}) == 1
    assert "does not bear the mark of this account" in capsys.readouterr().err
    assert tree_facts(target) == before
    assert main(["migrate", "status", "--target", str(target)], {}) == 0
    trusting = ["migrate", "rollback", "--yes", "--target", str(target), "--trust-folder"]
    assert (main(trusting, {}), (target / "new.txt").exists()) == (0, False)
    assert manifest.exists()


def test_a_changed_manifest_loses_the_mark(tmp_path: Path) -> None:
    _frame, manifest = moved(tmp_path)
    whole = json.loads(manifest.read_bytes())
    Seal(b"another").write(manifest, whole["body"])
    with pytest.raises(RecordError, match="does not bear the mark"):
        load_manifest(manifest.parent, RUN, "sample", Seal(b"mine"))
    assert load_manifest(manifest.parent, RUN, "sample", Seal(None, trust=True)).run == RUN


def test_the_key_is_made_once_and_only_ours(tmp_path: Path) -> None:
    path = key_path({"XDG_STATE_HOME": str(tmp_path / "state")})
    target = tmp_path / "next"
    assert load_key(path, target) is None
    key = load_key(path, target, make=True)
    assert key is not None
    assert (len(key), stat.S_IMODE(path.stat().st_mode), load_key(path, target)) == (32, 0o600, key)
    path.chmod(0o640)
    assert load_key(path, target) is None
    assert load_key(target / "state" / "key", target, make=True) is None


def house_with(source: Path, **files_: str) -> None:
    """Make a MOC with a task ledger and more files, by path with `__` for `/`."""
    for name, text in {"ORCH/STATE/TASKS.md": task_table("001"), **files_}.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def planned(source: Path, *steps: str) -> list[tuple[str, str, str]]:
    """Return severity, code and place of what a plan of some steps tells."""
    frame = Frame(house_of(source.parent / "next", source), all_steps())
    report = plan(frame, choose_steps(frame.steps, None, steps))
    return [(f.severity, f.code, f.where) for one in report.steps for f in one.findings]


OUT = "link-leads-out"


@pytest.mark.parametrize(
    ("link", "step", "severity"),
    [
        ("ORCH/STATE/flags2.md", "state", "warning"),
        ("ORCH/STATE/TASKS.md", "state", "blocker"),
        ("ORCH/STATE/flags.md", "state", "blocker"),
        ("ORCH/STATE/LOCKS/001.lock", "state", "blocker"),
        ("config/extra.json", "config", "warning"),
        ("templates/a.html", "dashboard", "warning"),
    ],
)
def test_a_link_out_of_the_tree_is_told_and_not_followed(
    tmp_path: Path, link: str, step: str, severity: str
) -> None:
    source = tmp_path / "moc"
    house_with(source)
    (tmp_path / "outside.md").write_text("SECRET")
    (source / link).parent.mkdir(parents=True, exist_ok=True)
    (source / link).unlink(missing_ok=True)
    (source / link).symlink_to(tmp_path / "outside.md")
    assert (severity, OUT, link) in planned(source, step)
    house = house_of(tmp_path / "next", source)
    apply(Frame(house, all_steps()), choose_steps(all_steps(), None, [step]))
    moved_texts = [path for path in (tmp_path / "next").rglob("*") if path.is_file()]
    assert not any(b"SECRET" in path.read_bytes() for path in moved_texts)


@pytest.mark.parametrize(
    ("folder", "step"), [("ORCH/STATE", "state"), ("config", "config"), ("static", "dashboard")]
)
def test_a_folder_that_is_a_link_out_blocks_its_step(
    tmp_path: Path, folder: str, step: str
) -> None:
    source, outside = tmp_path / "moc", tmp_path / "outside"
    house_with(source)
    shutil.rmtree(source / folder, ignore_errors=True)
    house_with(outside)
    (source / folder).symlink_to(outside / "ORCH" / "STATE")
    assert ("blocker", OUT, folder) in planned(source, step)


@pytest.mark.parametrize("step", [one.name for one in all_steps()])
def test_an_orch_that_is_a_link_out_blocks_every_step(tmp_path: Path, step: str) -> None:
    house_with(tmp_path / "outside")
    (tmp_path / "moc").mkdir()
    (tmp_path / "moc" / "ORCH").symlink_to(tmp_path / "outside" / "ORCH")
    assert planned(tmp_path / "moc", step) == [("blocker", OUT, "ORCH")]


@pytest.mark.parametrize("name", ["TASKS.md", "flags.md", "APPROVALS.md"])
def test_a_pipe_in_the_place_of_a_ledger_hangs_nothing(tmp_path: Path, name: str) -> None:
    source = tmp_path / "moc"
    house_with(source)
    (source / "ORCH" / "STATE" / name).unlink(missing_ok=True)
    os.mkfifo(source / "ORCH" / "STATE" / name)
    assert ("blocker", "not-a-file", f"ORCH/STATE/{name}") in planned(source, "state")


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("ORCH/STATE/TASKS.md", "state"),
        ("config/production.json", "config"),
        ("data/huge.json", "data"),
        ("LOGS/huge.log", "logs"),
        ("static/film.mp4", "dashboard"),
    ],
)
def test_a_huge_file_is_refused_by_its_size_alone(tmp_path: Path, name: str, step: str) -> None:
    source = tmp_path / "moc"
    house_with(source, **{name: ""})
    os.truncate(source / name, 50 * 2**30)
    assert [told for told in planned(source, step) if told[0] == "blocker"] == [
        ("blocker", "too-large", name)
    ]


def test_a_large_store_is_kept_and_not_read(tmp_path: Path) -> None:
    source = tmp_path / "moc"
    house_with(source, **{"data/approvals.json": "[]"})
    os.truncate(source / "data" / "approvals.json", 65 * 2**20)
    assert ("warning", "json-large", "data/approvals.json") in planned(source, "data")


def test_a_report_shows_names_and_obeys_none() -> None:
    odd = "\x1b[31mred\u202e [x](javascript:alert(1)) <b>"
    finding = Finding("warning", "c", odd, odd, odd)
    step = StepReport("s", 1, odd, odd, "moved", (Touched(odd, "create"),), findings=(finding,))
    notes = {"code": f"```\n[y](z)\n````{odd}"}
    report = RunReport("r", "apply", odd, odd, "t", steps=(replace(step, notes=notes),), error=odd)
    marked = as_markdown(report, "en")
    prose = re.sub(r"`````.*?`````", "", marked, flags=re.S)
    for text in (marked, as_html(report, "ja")):
        assert not any(char in text for char in "\x1b\u202e")
        assert "\\x1b" in text
    for text in (prose, as_html(report, "ja")):
        assert "<b>" not in text
    assert "[x](" not in prose
