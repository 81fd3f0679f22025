"""The catalogue of moved files: path, origin, encoding, lines, bytes and sha256 of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from orch_next.migrate.intake.placing import Known
from orch_next.migrate.settings.text import read_whole

KIND = "orch-next catalogue"


@dataclass(frozen=True)
class Listed:
    """One file; `path` is relative to the target, `origin` to the source."""

    path: str
    origin: str
    encoding: str
    lines: int
    bytes: int
    sha256: str


def as_catalogue(files: Sequence[Listed]) -> bytes:
    """Return the catalogue's JSON (UTF-8), the same for the same files."""
    rows = [asdict(one) for one in sorted(files, key=lambda one: one.path)]
    whole = {"kind": KIND, "version": 1, "files": rows}
    return (json.dumps(whole, ensure_ascii=True, indent=1) + "\n").encode()


def read_catalogue(path: Path) -> dict[str, Listed] | None:
    """Return the files by path, none for a missing catalogue, None for a file that is no such.

    OSError other than a missing file passes.
    """
    try:
        whole = json.loads(read_whole(path))
        if whole["kind"] != KIND:
            return None
        return {row["path"]: Listed(**row) for row in whole["files"]}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError):
        return None


def as_known(files: Mapping[str, Listed]) -> dict[str, Known]:
    """Return what a `Placer` needs to know again what an earlier move put somewhere."""
    return {path: Known(one.origin, one.sha256, one.bytes) for path, one in files.items()}
