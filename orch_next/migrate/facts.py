"""What stands at a path: kind, size, sha256, mode, mtime, symlink target; and whole trees of it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from orch_next.migrate.places import FRAME

Kind = Literal["absent", "file", "symlink", "folder", "other"]
Count = Callable[[int], None]
CHUNK = 1 << 20
POSIX = os.name == "posix"


def uncounted(size: int) -> None:
    """Count nothing: for work that is too small to be shown."""


@dataclass(frozen=True)
class Fact:
    """One path at one moment; `owner` is uid and gid where the system has them."""

    kind: Kind
    size: int = 0
    sha256: str = ""
    mode: int = 0
    mtime_ns: int = 0
    link: str = ""
    owner: tuple[int, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields that say something."""
        return {key: value for key, value in asdict(self).items() if value or key == "kind"}

    def is_same_content(self, other: Fact) -> bool:
        """Tell whether both hold the same bytes, or the same link, or are both absent."""
        return (self.kind, self.sha256, self.link) == (other.kind, other.sha256, other.link)

    def is_same(self, other: Fact) -> bool:
        """Tell whether content, and for files mode and mtime, are equal."""
        return self.is_same_content(other) and self._marks() == other._marks()

    def _marks(self) -> tuple[int, int] | None:
        return (self.mode if POSIX else 0, self.mtime_ns) if self.kind == "file" else None


ABSENT = Fact("absent")


def as_fact(value: dict[str, Any]) -> Fact:
    """Return the fact of `as_json`; raise TypeError or ValueError for anything else."""
    fact = Fact(**value)
    if fact.kind not in ("absent", "file", "symlink", "folder", "other"):
        raise ValueError(f"unknown kind: {fact.kind}")
    return fact if fact.owner is None else Fact(**{**value, "owner": tuple(fact.owner)})


def look(path: Path, count: Count = uncounted) -> Fact:
    """Return what stands at a path, files with their hash; links are not followed."""
    fact = glance(path)
    if fact.kind != "file":
        return fact
    return Fact(**{**asdict(fact), "sha256": hash_file(path, count)})


def glance(path: Path) -> Fact:
    """Return what stands at a path, without reading it."""
    try:
        info = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    owner = (info.st_uid, info.st_gid) if POSIX else None
    if stat.S_ISLNK(info.st_mode):
        return Fact("symlink", link=os.readlink(path), owner=owner)  # noqa: PTH115  # keeps bytes
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISREG(info.st_mode):
        return Fact("file", info.st_size, "", mode, info.st_mtime_ns, "", owner)
    return Fact("folder" if stat.S_ISDIR(info.st_mode) else "other", mode=mode, owner=owner)


def hash_file(path: Path, count: Count = uncounted) -> str:
    """Return the sha256 of a file in hex, reading 1 MiB at a time."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            count(len(chunk))
    return found.hexdigest()


def walk(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield every path below `root` with its name relative to it, but for the frame's own files.

    A `data` folder that holds only the frame's files counts as not being there.
    """
    frame = root / FRAME
    for folder, names, files in os.walk(root):
        here = Path(folder)
        if here == frame.parent and frame.name in names:
            names.remove(frame.name)
        names.sort()
        for name in sorted([*names, *files]):
            path = here / name
            if path != frame.parent or _others(frame):
                yield path.relative_to(root).as_posix(), path


def _others(frame: Path) -> bool:
    names = os.listdir(frame.parent)  # noqa: PTH208  # also sees undecodable names
    return names != [frame.name]


def tree_facts(root: Path, count: Count = uncounted) -> dict[str, Fact]:
    """Return the facts of a whole tree by relative path; equal trees have equal facts."""
    return {name: look(path, count) for name, path in walk(root)}


def tree_digest(root: Path) -> str:
    """Return one sha256 over names, contents, modes, links and mtimes of files below `root`."""
    found = hashlib.sha256()
    for name, fact in sorted(tree_facts(root).items()):
        line = (name, fact.kind, fact.sha256, fact.mode if POSIX else 0, fact.mtime_ns, fact.link)
        found.update(ascii(line).encode())
    return found.hexdigest()
