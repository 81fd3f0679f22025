"""Test tool: git repositories made by the real git."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass
class Git:
    """A repository whose commits are a minute apart, the first at 2025-10-06 12:00 +0900."""

    folder: Path
    minute: int = 0

    def __call__(self, *arguments: str) -> str:
        """Run git and return its output."""
        at = f"2025-10-06T12:{self.minute:02d}:00+0900"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": at,
            "GIT_COMMITTER_DATE": at,
        }
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=environment,
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout

    def commit(self, message: str, **files: str) -> str:
        """Write files (`a_md` is a.md), commit everything, and return the hash."""
        for name, text in files.items():
            (self.folder / name.replace("_", ".")).write_bytes(text.encode())
        self("add", "-A")
        self("commit", "--quiet", "--allow-empty", "-m", message)
        self.minute += 1
        return self("rev-parse", "HEAD").strip()


def make_repository(folder: Path) -> Git:
    """Make an empty repository with the branch `main`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(Path(_template().name) / ".git", folder / ".git")
    return Git(folder)


@cache
def _template() -> tempfile.TemporaryDirectory[str]:
    """Return an empty repository that others are copies of: one run of git instead of three."""
    folder = tempfile.TemporaryDirectory(prefix="orch-git-")
    git = Git(Path(folder.name))
    git("init", "--quiet", "--initial-branch=main", "--template=")
    git("config", "user.name", "作業 | AI")
    git("config", "user.email", "work@example.jp")
    return folder
