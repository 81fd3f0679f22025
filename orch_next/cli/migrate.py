"""`orch-next migrate`: look, move, verify, go back, and tell."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from orch_next.cli.guard import FAILED, FINE, USAGE
from orch_next.cli.migrate_parser import kept_bytes, most_bytes
from orch_next.cli.migrate_texts import TEXTS, outline
from orch_next.cli.output import as_line, as_table, print_json
from orch_next.clock import utc_now
from orch_next.errors import InputError
from orch_next.migrate.apply import apply
from orch_next.migrate.choose import choose_steps
from orch_next.migrate.frame import Frame
from orch_next.migrate.house import House, Options, Say, silent
from orch_next.migrate.order import all_steps
from orch_next.migrate.overview import house_report
from orch_next.migrate.own_key import key_path, load_key
from orch_next.migrate.pages import as_html, as_markdown
from orch_next.migrate.places import Places
from orch_next.migrate.plan import plan
from orch_next.migrate.progress import Bar
from orch_next.migrate.record import load_journal
from orch_next.migrate.report import RunReport, load_report, save_report
from orch_next.migrate.rollback import preview, rollback
from orch_next.migrate.sealed import Seal
from orch_next.migrate.step import Step
from orch_next.migrate.verify import status, verify
from orch_next.migrate.words import Lang, language


class NoSourceError(InputError):
    """Nobody said where to move from: a question of usage."""


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Run one verb; 1 when something stands in the way, failed, or was not confirmed."""
    args.lang = language(args.lang, environ.get("LC_ALL") or environ.get("LANG", ""))
    bar = Bar(sys.stderr) if sys.stderr.isatty() else None
    try:
        frame = open_frame(args, bar or silent)
    except NoSourceError as error:
        print(as_line(f"orch-next: {error}"), file=sys.stderr)
        return USAGE
    try:
        return _VERBS["plan" if _is_dry_apply(args) else args.verb](args, frame)
    except KeyboardInterrupt:
        if args.verb in ("apply", "rollback") and not args.dry_run:
            print(as_line(TEXTS[args.lang]["cut off"]), file=sys.stderr)
        raise
    finally:
        if bar:
            bar.clear()


def _is_dry_apply(args: Namespace) -> bool:
    return args.verb == "apply" and bool(args.dry_run)


def open_frame(args: Namespace, say: Say = silent, steps: Sequence[Step] | None = None) -> Frame:
    """Return the frame over the folders that the options name."""
    target = _target(args)
    seal = _seal(args, target)
    source = _source(args, target) if args.source else _moved_from(target, seal)
    options = Options(
        dialect=args.dialect,
        check_requirements=getattr(args, "check_requirements", False),
        parts=frozenset(getattr(args, "parts", ())),
        keep_runs=args.keep_runs,
        keep_bytes=kept_bytes(args),
        most_bytes=most_bytes(args),
        sections=args.sections,
        restore_marks=getattr(args, "restore_marks", False),
    )
    if source is None and args.verb in _FROM:
        raise NoSourceError(TEXTS[args.lang or "en"]["no source"])
    house = House(source or target, target, utc_now(), options, say)
    return Frame(house, all_steps() if steps is None else tuple(steps), seal=seal)


def _seal(args: Namespace, target: Path) -> Seal:
    """Return what knows our own records; a verb that changes nothing takes any."""
    acts = args.verb in ("apply", "rollback")
    path = key_path(os.environ)
    key = load_key(path, target, make=acts and not args.dry_run)
    if key is None and acts and not args.dry_run:
        print(as_line(TEXTS[args.lang or "en"]["no key"].format(path)), file=sys.stderr)
    return Seal(key, trust=bool(args.trust_folder) or not acts)


def _source(args: Namespace, target: Path) -> Path:
    """Return the named folder, here or beside the project."""
    for path in (args.source, *_beside(args, args.source), target.parent / args.source):
        if path.is_dir():
            return Path(path).resolve()
    raise InputError(f"{args.source} is no folder, neither here nor beside the project")


def _beside(args: Namespace, path: Path) -> list[Path]:
    """Return where a relative name lies beside the folder that a command is used in."""
    here = getattr(args, "project", Path()).resolve()
    return [] if path.is_absolute() else [here.parent / path]


def _check_moc(source: Path) -> None:
    """Raise InputError, and say which folder may be meant, where no MOC installation is."""
    if source.name.upper() == "ORCH" and (source / "STATE").is_dir():
        raise InputError(f"{source} is the ORCH folder itself: name {source.parent}")
    if any((source / name).is_dir() for name in _MOC):
        return
    below = [path for path in sorted(source.glob("*/ORCH")) if path.is_dir()]
    hint = f"; is {below[0].parent} meant?" if below else ""
    raise InputError(f"{source} holds neither ORCH nor STATE, so it is no MOC folder{hint}")


def _target(args: Namespace) -> Path:
    """Return the target, which need not exist; elsewhere `C:\\NEXT` would be made as a name."""
    path = Path(args.target)
    beside = [] if path.exists() else _beside(args, path)
    path = next((one for one in beside if one.is_dir()), path)
    if os.name != "nt" and "\\" in str(path) and not path.exists():
        raise InputError(f"{path} is no folder")
    return path.resolve()


def _moved_from(target: Path, seal: Seal) -> Path | None:
    standing = load_journal(Places(target).journal, seal).standing()
    return Path(standing[-1].source) if standing else None


def _chosen(args: Namespace, frame: Frame) -> tuple[Step, ...]:
    return choose_steps(frame.steps, args.phase, args.step)


def _plan(args: Namespace, frame: Frame) -> int:
    _check_moc(frame.house.source)
    return show(args, plan(frame, _chosen(args, frame)))


def _apply(args: Namespace, frame: Frame) -> int:
    steps = _chosen(args, frame)
    names = ", ".join(step.name for step in steps)
    house = frame.house
    _check_moc(house.source)
    new = "" if house.target.exists() else TEXTS[args.lang]["new folder"]
    confirm(args, TEXTS[args.lang]["ask apply"].format(names, house.source, house.target, new))
    return show(args, told(args, frame, apply(frame, steps)))


def _rollback(args: Namespace, frame: Frame) -> int:
    choose_steps(frame.steps, args.phase, args.step)
    coming = preview(frame, args.phase, args.step)
    if args.dry_run or not frame.places.journal.exists():
        return show(args, coming)
    if coming.steps:
        # What builds on the chosen steps goes with them: said before it is done.
        names = ", ".join(step.name for step in coming.steps)
        confirm(args, TEXTS[args.lang]["ask rollback"].format(names, frame.house.target))
    return show(args, told(args, frame, rollback(frame, args.phase, args.step)))


def _verify(args: Namespace, frame: Frame) -> int:
    return show(args, verify(frame, _chosen(args, frame)))


def _status(args: Namespace, frame: Frame) -> int:
    chosen = {step.name for step in _chosen(args, frame)}
    found = [one for one in status(frame) if one.name in chosen]
    if args.json:
        print_json([asdict(one) for one in found])
        return FINE
    texts = TEXTS[args.lang]
    header = [texts[name] for name in ("phase", "step", "state", "changes", "run")]
    rows = [
        (str(one.phase), one.name, texts[one.state], str(one.changes), one.run or "-")
        for one in found
    ]
    print(as_table(header, rows))
    return FINE


def _report(args: Namespace, frame: Frame) -> int:
    found = load_report(frame.places, args.run) if args.run else house_report(frame)
    if args.json:
        print_json(found.as_json())
    else:
        print("\n".join(as_line(line) for line in as_markdown(found, args.lang).split("\n")))
    return FINE


def confirm(args: Namespace, question: str) -> None:
    """Ask, unless `--yes`; raise `InputError` for a no, or where nobody can answer."""
    if args.yes:
        return
    texts = TEXTS[args.lang]
    if not sys.stdin.isatty():
        raise InputError(texts["nobody"])
    print(as_line(question), end=" ", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "はい"):
        raise InputError(texts["no"])


def told(args: Namespace, frame: Frame, report: RunReport) -> RunReport:
    """Write the report of a run that did something beside its journal."""
    if report.did_something or report.error or report.run in frame.journal().runs():
        lang: Lang = args.lang
        texts = {"md": as_markdown(report, lang), "html": as_html(report, lang)}
        save_report(frame.places, report, texts)
        return report
    return replace(report, run="")


def show(args: Namespace, report: RunReport) -> int:
    """Print a report and return the exit status that it stands for."""
    if args.json:
        print_json(report.as_json())
    else:
        for line in outline(report, args.lang):
            print(as_line(line))
    if report.error:
        print(as_line(f"orch-next: {report.error}"), file=sys.stderr)
    return FINE if report.is_fine else FAILED


_FROM = ("plan", "apply")  # what reads the old house
_MOC = ("ORCH", "STATE")
_VERBS = {
    "plan": _plan,
    "apply": _apply,
    "status": _status,
    "verify": _verify,
    "rollback": _rollback,
    "report": _report,
}
