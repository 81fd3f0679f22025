"""Ledgers have a backup file or a history in git (rule `backup`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from orch_next.sensors.git.command import GitError, Repository
from orch_next.sensors.rules.config import Rule
from orch_next.sensors.rules.files import Finding

_DEPTH = 3
_MOST_LOOKED_AT = 5_000


def check_backups(
    moc_root: Path, ledgers: Sequence[Path], rule: Rule, now: datetime
) -> Iterator[Finding]:
    """Yield each ledger without a backup, or whose newest one is too old.

    A backup is `TASKS.md.bak`, `TASKS.md.bak-<anything>` beside it, a file whose name begins
    with `TASKS` in one of the folders, or the file in git's HEAD.
    """
    existing = [path for path in ledgers if path.is_file()]
    kept = _in_git(moc_root, existing)
    limit = timedelta(days=rule.tuning["max_age_days"])
    for path in existing:
        if path in kept:
            continue
        newest = _newest(path, [moc_root / folder for folder in rule.tuning["folders"]])
        file = path.relative_to(moc_root).as_posix()
        if newest is None:
            yield Finding(file, 1, "バックアップも Git の履歴もありません", "none")
        elif limit and now - newest > limit:
            days = (now - newest).days
            yield Finding(file, 1, f"最新のバックアップは {days} 日前のものです", "old")


def _in_git(moc_root: Path, ledgers: Sequence[Path]) -> set[Path]:
    repository = Repository(moc_root)
    if not repository.exists or not ledgers:
        return set()
    names = {path.relative_to(moc_root).as_posix(): path for path in ledgers}
    try:
        output = repository.run("ls-tree", "-z", "--name-only", "HEAD", "--", *names)
    except GitError:
        return set()
    return {names[name] for name in output.decode("utf-8", "replace").split("\0") if name in names}


def _newest(path: Path, folders: Sequence[Path]) -> datetime | None:
    beside = [one for one in _files(path.parent, 1) if one.name.startswith(f"{path.name}.bak")]
    stored = [
        one
        for folder in folders
        for one in _files(folder, _DEPTH)
        if one.name.startswith(path.stem)
    ]
    times = [at for one in (*beside, *stored) if (at := _modified(one)) is not None]
    return max(times, default=None)


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the files of a folder and `depth - 1` levels below it, within bounds."""
    try:
        entries = sorted(folder.iterdir())[:_MOST_LOOKED_AT]
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            continue
        if entry.is_dir() and depth > 1:
            yield from _files(entry, depth - 1)
        elif entry.is_file():
            yield entry


def _modified(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except OSError:
        return None
