"""Run git on a repository that may be hostile: fixed arguments, no hooks, no helpers, limits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_next.errors import NotFoundError, OrchError
from orch_next.sensors.programs import Result, run_program

SECONDS = 10.0
MOST_BYTES = 8_388_608

# Nothing that the repository's configuration names is run: hooks, monitors, filters, pagers.
_GUARDS = (
    *("--no-pager", "--no-optional-locks", "--literal-pathspecs", "--no-replace-objects"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.mailmap=false"),
    *("-c", "color.ui=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "submodule.recurse=false"),
)
_KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "HOME", "USERPROFILE", "PATHEXT")
# A name of a branch, a tag or a commit, and no expression: git check-ref-format's rules.
_FORBIDDEN = frozenset(' ~^:?*[\\"\x7f')
LONGEST_REF = 250


class GitError(OrchError):
    """Git refused, took too long or is not installed; nothing was changed."""


@dataclass(frozen=True)
class Repository:
    """The repository at one folder; only that one, never a folder's parent (D31).

    Tests pass `run_program` to see what git is asked.
    """

    folder: Path
    run_program: Callable[..., Result] = run_program

    @property
    def exists(self) -> bool:
        """Tell whether the folder is a work tree's top or a linked one."""
        return (self.folder / ".git").exists()

    def run(self, command: str, *arguments: str) -> bytes:
        """Return a git command's output; raise `GitError`."""
        result = self._run([command, *arguments])
        if result.cut:
            limits = {"time": f"{SECONDS:g} s", "size": f"{MOST_BYTES} bytes"}
            raise GitError(f"git {command} was stopped at {limits[result.cut]}")
        if result.status:
            raise GitError(f"git {command} failed: {result.errors or result.status}")
        return result.output

    def resolve(self, ref: str) -> str:
        """Return the full hash of the commit that a ref or an abbreviated hash names.

        Raise `NotFoundError` for what names none, whatever it looks like.
        """
        if not is_plain_ref(ref):
            raise NotFoundError(f"no commit is named {ref!r}")
        wanted = f"{ref}^{{commit}}"
        result = self._run(["rev-parse", "--verify", "--quiet", "--end-of-options", wanted])
        found = result.output.decode("ascii", "replace").strip()
        if result.status or result.cut or not found:
            raise NotFoundError(f"no commit is named {ref!r}")
        return found

    def _run(self, arguments: Sequence[str]) -> Result:
        program = shutil.which("git")
        if program is None:
            raise GitError("git is not installed")
        try:
            return self.run_program(
                [program, *_GUARDS, *arguments],
                cwd=self.folder,
                environment=_environment(self.folder),
                seconds=SECONDS,
                most_bytes=MOST_BYTES,
            )
        except OSError as error:
            raise GitError(f"git cannot be started: {error.strerror}") from error


def is_plain_ref(ref: str) -> bool:
    """Tell whether text can be the name of a branch, a tag or a commit."""
    parts = ref.split("/")
    return (
        0 < len(ref) <= LONGEST_REF
        and ref.isprintable()
        and not _FORBIDDEN.intersection(ref)
        and not ref.startswith("-")
        and ".." not in ref
        and "@{" not in ref
        and all(part and not part.startswith(".") and part[-5:] != ".lock" for part in parts)
    )


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
