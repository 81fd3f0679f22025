"""Which templates and static files are the owner's, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

Kind = Literal["templates", "static"]
# Contract 7.2: in the order in which the legacy looked; the first one keeps the plain name.
_FOLDERS: tuple[tuple[Kind, str], ...] = (
    ("templates", "ORCH/templates"),
    ("templates", "templates"),
    ("static", "ORCH/static"),
    ("static", "static"),
)
_LAUNCHER = ("console_launcher.html", "ORCH/console_launcher.html")


@dataclass(frozen=True)
class Custom:
    """One file of the owner: where it lies, and where it is kept (relative to the target)."""

    kind: Kind
    origin: Path
    file: str
    kept: PurePosixPath


def list_custom(root: Path, shipped: Path) -> list[Custom]:
    """List the owner's files; those that come with ORCH-Next (`shipped`) are none.

    Of two files that claim one name with other bytes, the later one goes to `from-<folder>/`.
    """
    taken: dict[PurePosixPath, Path] = {}
    found = []
    for kind, folder, path in _files(root):
        inner = path.relative_to(root / folder) if folder else Path(path.name)
        if inner.parts[0] == "custom" or _is_shipped(path, shipped / kind / inner):
            continue
        kept = PurePosixPath(kind, "custom", inner.as_posix())
        first = taken.setdefault(kept, path)
        if first != path and first.read_bytes() == path.read_bytes():
            continue
        if first != path:
            source = folder.replace("/", "-") or "root"
            kept = PurePosixPath(kind, "custom", f"from-{source}", inner.as_posix())
        found.append(Custom(kind, path, path.relative_to(root).as_posix(), kept))
    return found


def list_links(root: Path) -> list[str]:
    """List symlinks in the folders; they are not followed."""
    found = [p for _, folder in _FOLDERS for p in sorted((root / folder).rglob("*"))]
    return [path.relative_to(root).as_posix() for path in found if path.is_symlink()]


def _files(root: Path) -> Iterator[tuple[Kind, str, Path]]:
    for kind, folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not _through_link(path, root):
                yield kind, folder, path
    for name in _LAUNCHER:
        if (root / name).is_file() and not _through_link(root / name, root):
            yield "templates", PurePosixPath(name).parent.as_posix().strip("."), root / name


def _through_link(path: Path, root: Path) -> bool:
    above = [one for one in path.parents if one.is_relative_to(root) and one != root]
    return path.is_symlink() or any(one.is_symlink() for one in above)


def _is_shipped(path: Path, ours: Path) -> bool:
    return ours.is_file() and ours.read_bytes() == path.read_bytes()
