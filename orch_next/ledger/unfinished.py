"""Tell which git operation around a file waits to be finished, or aborted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from orch_next.regular import MOST_SMALL, open_regular, read_regular

# What git keeps in the work tree's own folder meanwhile, and what it calls the operation.
_MARKS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "am"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("sequencer", "cherry-pick"),
    ("BISECT_LOG", "bisect"),
)
# With `git bisect --no-checkout` the files stay as they are.
_BISECT_WITHOUT_FILES = "BISECT_HEAD"
LONGEST_COMMAND = 10.0
_MENDS = {
    "merge": "finish it with git commit, or git merge --abort",
    "bisect": "end it with git bisect reset",
}


def find_unfinished(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the unfinished operation of the work tree that encloses the file, or nothing.

    Its abort would put the files back, and with them what was written meanwhile. `path` is
    absolute; `environ` may name a repository as git's own variables do.
    """
    for git in _git_folders(path, environ):
        for mark, operation in _MARKS:
            if (git / mark).exists() and not _spares_files(git, operation):
                return _of_sequence(git) if mark == "sequencer" else operation
    return ""


def is_git_at_work(path: Path, now: float, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a git command is just now at the work tree's files, or began to be.

    It has looked at the files and is about to replace them. A lock that is older than
    `LONGEST_COMMAND` seconds was left behind, or waits for an editor. In a hook it is our caller's.
    """
    if "GIT_INDEX_FILE" in environ:
        return False
    locks = (git / "index.lock" for git in _git_folders(path, environ))
    return any(now - _changed_at(lock) < LONGEST_COMMAND for lock in locks)


def how_to_end(operation: str) -> str:
    """Return the commands that end an unfinished operation."""
    both = f"finish it with git {operation} --continue, or git {operation} --abort"
    return _MENDS.get(operation, both)


def _git_folders(path: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the nearest repository's folder, and the one that the environment names."""
    near = next((git for folder in path.parents if (git := folder / ".git").exists()), None)
    found = [] if near is None else [_pointed_to(near)]
    named = environ.get("GIT_DIR")
    if named and path.is_relative_to(Path(environ.get("GIT_WORK_TREE") or ".").resolve()):
        found.append(_pointed_to(Path(named).absolute()))
    return found


def _pointed_to(git: Path) -> Path:
    """Follow the `gitdir:` line that work trees and submodules have in place of a folder."""
    if not git.is_file():
        return git
    pointer = read_regular(git, MOST_SMALL).decode("utf-8", "surrogateescape").strip()
    return git.parent / pointer.removeprefix("gitdir:").strip()


def _changed_at(lock: Path) -> float:
    try:
        return lock.stat().st_mtime
    except OSError:
        return float("-inf")


def _spares_files(git: Path, operation: str) -> bool:
    return operation == "bisect" and (git / _BISECT_WITHOUT_FILES).exists()


def _of_sequence(git: Path) -> str:
    """Name a sequence of picks or reverts between two of them."""
    try:
        with open_regular(git / "sequencer" / "todo") as todo:
            begin = todo.read(6)
    except OSError:
        return "cherry-pick"
    return "revert" if begin == b"revert" else "cherry-pick"
