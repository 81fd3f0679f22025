"""An approval's evidence: the file it names, inside the MOC root and nowhere else."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path, PureWindowsPath
from typing import Any

from orch_next.core.artifacts import MOST_HASHED, artifact_sha256
from orch_next.core.database import is_sqlite_file
from orch_next.core.file_names import is_below, may_look_up
from orch_next.core.kinds import EMPTY
from orch_next.regular import open_below

PREVIEW_BYTES = 65_536
_MOST_NAMES = 200
_MOST_LISTED = 10_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class Evidence:
    """What the cell names; `kind` is file, folder, private, other, missing or none.

    `changed` compares `sha256` with the hash that was recorded when the approval was
    asked for (None: there is none, or no file). `file` is relative to the MOC root.
    """

    path: str
    kind: str
    inside: bool = False
    exists: bool = False
    file: str = ""
    size: int | None = None
    sha256: str | None = None
    recorded: str | None = None
    changed: bool | None = None
    text: str | None = None
    encoding: str = ""
    truncated: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what clients see."""
        return asdict(self)


@dataclass(frozen=True)
class Places:
    """Where evidence may lie: the MOC root, its ORCH folder, further starts of names.

    `private` are files and folders whose contents are never shown (keys, the database);
    what has more than `most_bytes` is shown without its hash.
    """

    moc_root: Path
    orch: Path
    starts: Sequence[Path] = ()
    private: Sequence[Path] = ()
    most_bytes: int = MOST_HASHED


def look_at_evidence(cell: str, places: Places, recorded: str | None = None) -> Evidence:
    """Find, measure and preview what an evidence cell names; OSError becomes `missing`."""
    if cell.strip() in ("", EMPTY):
        return Evidence(cell, "none", recorded=recorded)
    try:
        path = find_evidence(cell, places)
        if path is None:
            return Evidence(cell, _absent(cell, places), recorded=recorded)
        if _is_private(path, places):
            return Evidence(cell, "private", recorded=recorded)
        return _described(cell, path, places, recorded)
    except (OSError, ValueError):
        # ValueError: a NUL in the name.
        return Evidence(cell, "missing", recorded=recorded)


def _absent(cell: str, places: Places) -> str:
    """Return `private` for a name in a private place, whether or not there is such a file."""
    root = places.moc_root.resolve()
    plain = map(_plain, _candidates(cell, places))
    inside = [one for one in plain if one.is_relative_to(root) and "..\\" not in str(one)]
    return "private" if any(_is_private(one, places) for one in inside) else "missing"


def _plain(path: Path) -> Path:
    # Links are followed for what exists only: nobody learns whether it does.
    return Path(os.path.normpath(path.absolute()))


def find_evidence(cell: str, places: Places) -> Path | None:
    """Return the resolved path inside the MOC root that the cell names, or None."""
    root = places.moc_root.resolve()
    for candidate in _candidates(cell, places):
        path = candidate.resolve()
        if path != root and path.is_relative_to(root) and path.exists():
            return path
    return None


def _candidates(cell: str, places: Places) -> Iterator[Path]:
    for candidate in _spellings(cell.strip(), places):
        if may_look_up(str(candidate), str(places.moc_root), windows=os.name == "nt"):
            yield candidate


def _spellings(text: str, places: Places) -> Iterator[Path]:
    starts = [*places.starts, places.moc_root, places.orch]
    if _DRIVE.match(text) or "\\" in text:
        yield from _from_windows(text, places, starts)
    if not _DRIVE.match(text):
        # An absolute name of this system replaces the start; it must still lie inside.
        yield from (start / text for start in starts)
    elif PureWindowsPath(str(places.moc_root)).drive:
        yield Path(text)


def _from_windows(text: str, places: Places, starts: Sequence[Path]) -> Iterator[Path]:
    r"""Map `C:\...\ORCH-Next\ORCH\patches\x` to `<ORCH>/patches/x`; `\\` counts as `\`."""
    path = PureWindowsPath(re.sub(r"\\+", r"\\", text))
    parts = [part for part in path.parts if part != path.anchor]
    for place, part in enumerate(parts):
        if part.lower() in ("orch", places.orch.name.lower()):
            yield places.orch.joinpath(*parts[place + 1 :])
    if not path.anchor:
        yield from (start.joinpath(*parts) for start in starts)


def _described(cell: str, path: Path, places: Places, recorded: str | None) -> Evidence:
    root = places.moc_root.resolve()
    file = path.relative_to(root)
    known: dict[str, Any] = {"inside": True, "exists": True, "file": file.as_posix()}
    if path.is_dir():
        # A folder's hash reads every file in it: only where there is one to compare with.
        sha256 = artifact_sha256(str(path), [root], places.most_bytes) if recorded else None
        names = _list_names(path)
        known |= {"text": "\n".join(names[:_MOST_NAMES]), "truncated": len(names) > _MOST_NAMES}
        return Evidence(cell, "folder", **known, **_compared(sha256, recorded))
    if not path.is_file():
        return Evidence(cell, "other", **known, recorded=recorded)
    sha256 = artifact_sha256(str(path), [root], places.most_bytes)
    with open_below(root, path) as opened:
        size = os.fstat(opened.fileno()).st_size
        data = opened.read(PREVIEW_BYTES + 1)
    return Evidence(
        cell, "file", **known, size=size, **_compared(sha256, recorded), **preview(data)
    )


def _list_names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        some = islice(entries, _MOST_LISTED)
        return sorted(f"{one.name}/" if one.is_dir() else one.name for one in some)


def _is_private(path: Path, places: Places) -> bool:
    parts = path.relative_to(places.moc_root.resolve()).parts
    hidden = is_sqlite_file(path.name) or any(part.startswith(".") for part in parts)
    return hidden or any(is_below(path, one.resolve()) for one in places.private)


def _compared(sha256: str | None, recorded: str | None) -> dict[str, Any]:
    changed = None if recorded is None or sha256 is None else sha256 != recorded
    return {"sha256": sha256, "recorded": recorded, "changed": changed}


def preview(data: bytes) -> dict[str, Any]:
    """Return `text`, `encoding` and `truncated` of a file's first bytes; None for binary."""
    truncated, data = len(data) > PREVIEW_BYTES, data[:PREVIEW_BYTES]
    for encoding in _likely(data):
        try:
            # Not final: the last character may be cut in two.
            text = codecs.getincrementaldecoder(encoding)().decode(data, final=not truncated)
        except UnicodeDecodeError:
            continue
        text = text.removeprefix("\ufeff")
        if not _BINARY.search(text):
            name = encoding.removesuffix("-sig").replace("-le", "").replace("-be", "")
            return {"text": text, "encoding": name, "truncated": truncated}
    return {"text": None, "encoding": "", "truncated": truncated}


def _likely(data: bytes) -> Iterator[str]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            yield encoding
            return
    if b"\0" in data:
        # Without a mark only the zeros of ASCII characters betray UTF-16.
        even, odd = data[0::2].count(0), data[1::2].count(0)
        yield "utf-16-le" if odd > even else "utf-16-be"
        return
    yield from ("utf-8", "cp932")
