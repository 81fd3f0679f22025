"""Test tool: a git repository of its own, untouched by the machine's configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class GitRepository:
    """Runs git in one folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, status: int = 0) -> str:
        names = ("-c", "user.name=試験", "-c", "user.email=test@example.invalid")
        quiet = ("-c", "commit.gpgsign=false", "-c", "core.autocrlf=false")
        done = subprocess.run(
            ["git", *names, *quiet, *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == status, (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
