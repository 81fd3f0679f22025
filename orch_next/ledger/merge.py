"""Tell whether git is in the middle of a merge around a file."""

from __future__ import annotations

from pathlib import Path


def is_merging(path: Path) -> bool:
    """Tell whether the repository that encloses the file has a `MERGE_HEAD`."""
    for folder in path.parents:
        git = folder / ".git"
        if git.exists():
            return (_git_folder(git) / "MERGE_HEAD").exists()
    return False


def _git_folder(git: Path) -> Path:
    """Follow the `gitdir:` line that worktrees and submodules have in place of a folder."""
    if not git.is_file():
        return git
    pointer = git.read_text(encoding="utf-8", errors="surrogateescape").strip()
    return git.parent / pointer.removeprefix("gitdir:").strip()
