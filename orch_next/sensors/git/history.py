"""Branches, the graph and single commits, with the contract's keys (contract 1.2, Git; D31)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orch_next.errors import NotFoundError
from orch_next.sensors.git.command import Repository
from orch_next.sensors.git.parse import Entry, parse_log

PAGE = 20
MOST = 200
_FILES = ("-z", "--raw", "--numstat", "-M", "--no-abbrev")
_PLAIN = (
    *("--no-ext-diff", "--no-textconv", "--no-notes", "--no-mailmap", "--no-color"),
    *("--encoding=UTF-8", "--diff-merges=first-parent", "--ignore-submodules=all"),
)
_LISTED = ("%H", "%s", "%an", "%ai", "%S", "%P", "%D")
_DETAILED = ("%H", "%s", "%an", "%ad", "%ae", "%B", "%P")
_REFS = "%(refname)%00%(symref)%00%(HEAD)"


@dataclass(frozen=True)
class Ref:
    """A branch or tag; `name` is what clients see, `full` the name in the repository."""

    full: str
    name: str
    kind: str
    active: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the GitBranch of contract 0.2."""
        return {"name": self.name, "active": self.active, "type": self.kind}


def list_refs(repository: Repository) -> list[Ref]:
    """Return branches and tags; a remote's HEAD is only a pointer and left out."""
    spaces = ("refs/heads", "refs/remotes", "refs/tags")
    output = repository.run("for-each-ref", f"--format={_REFS}", *spaces)
    found = []
    for line in output.decode("utf-8", "replace").split("\n"):
        full, _, rest = line.partition("\0")
        symref, _, head = rest.partition("\0")
        if full and not (symref and full.startswith("refs/remotes/")):
            found.append(_ref(full, active=head == "*"))
    return found


def list_branches(repository: Repository) -> list[dict[str, Any]]:
    """Return the branches of contract 0.2."""
    return [ref.as_json() for ref in list_refs(repository) if ref.kind != "tag"]


def read_graph(repository: Repository, *, limit: int, skip: int) -> dict[str, Any]:
    """Return branches and commits, newest first; merges show what they brought in.

    `next_skip` is null at the end.
    """
    refs = list_refs(repository)
    names = {ref.full: ref.name for ref in refs}
    active = next((ref.name for ref in refs if ref.active), "HEAD")
    entries = _log(repository, refs, limit + 1, skip)
    return {
        "branches": [ref.as_json() for ref in refs if ref.kind != "tag"],
        "commits": [_listed(entry, names, active) for entry in entries[:limit]],
        "next_skip": skip + limit if len(entries) > limit else None,
    }


def read_commit(repository: Repository, ref: str) -> dict[str, Any]:
    """Return one commit with its whole message; raise `NotFoundError`."""
    sha = repository.resolve(ref)
    entries = _entries(repository, _DETAILED, "-1", "--end-of-options", sha, "--")
    if not entries:
        raise NotFoundError(f"no commit is named {ref!r}")
    entry = entries[0]
    sha, subject, author, date, email, message, parents = entry.fields
    return {
        "hash": sha,
        "message": subject,
        "author": author,
        "email": email,
        "date": date,
        "body": message.rstrip("\n"),
        "parents": parents.split(),
        "files": [file.as_json() for file in entry.files],
    }


def _has_head(repository: Repository) -> bool:
    try:
        repository.resolve("HEAD")
    except NotFoundError:
        return False  # before the first commit; there may be others' branches already
    return True


def _log(repository: Repository, refs: list[Ref], count: int, skip: int) -> list[Entry]:
    # HEAD first, so that its branch's name wins for the commits that several have.
    named = ("HEAD",) if any(ref.active for ref in refs) or _has_head(repository) else ()
    if not named and not refs:
        return []
    paging = (f"--max-count={count}", f"--skip={skip}", "--date-order")
    spaces = ("--branches", "--remotes", "--tags")
    return _entries(repository, _LISTED, *paging, *named, *spaces, "--")


def _entries(repository: Repository, names: tuple[str, ...], *arguments: str) -> list[Entry]:
    form = "--format=tformat:" + "".join(f"{name}%x00" for name in names)
    output = repository.run("log", form, *_FILES, *_PLAIN, *arguments)
    return parse_log(output, len(names))


def _listed(entry: Entry, names: dict[str, str], active: str) -> dict[str, Any]:
    sha, subject, author, date, source, parents, marks = entry.fields
    return {
        "hash": sha,
        "message": subject,
        "author": author,
        "date": date,
        "branch": active if source == "HEAD" else names.get(source, source),
        "parents": parents.split(),
        "refs": [mark.removeprefix("HEAD -> ") for mark in marks.split(", ") if mark],
        "files": [file.as_json() for file in entry.files],
    }


def _ref(full: str, *, active: bool) -> Ref:
    space, _, name = full.removeprefix("refs/").partition("/")
    kind = {"heads": "local", "remotes": "remote"}.get(space, "tag")
    # The legacy shortened only the names of origin's branches.
    return Ref(full, name.removeprefix("origin/") if kind == "remote" else name, kind, active)
