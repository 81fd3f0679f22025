"""Find copies of a ledger that a program laid beside it, with an edit that nobody sees."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from orch_next.core.schema import KINDS, LedgerKind, Problem, load_snapshot
from orch_next.regular import read_regular

# A larger file beside the ledger is not read.
_MOST_BYTES = 8_000_000
# What programs put behind `TASKS` (before `.md`) or behind `TASKS.md`.
_STEM_MARKS = re.compile(
    r"""
    \.sync-conflict-\d{8}-\d{6}.*           # Syncthing
    | \s?[(（\[].*(?:conflict|競合).*[)）\]]  # Dropbox, Nextcloud, Seafile, pCloud, Box
    | _conflict-\d{8}-\d{6}.*               # ownCloud
    | _.+_conflict                          # Synology
    | \.conflict                            # Resilio
    | \s?[(（]\d{1,3}[)）]                   # Google Drive, browsers
    | \ \d{1,2}                             # iCloud
    | [._](?:BACKUP|BASE|LOCAL|REMOTE)[._]\d+  # git mergetool
    | \.(?:orig|rej)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NAME_MARKS = re.compile(
    r"""
    \.conflict-.+              # our own: docs/ledger.md
    | \.(?:orig|rej)           # patch, git, Mercurial
    | \.(?:mine|r\d+|theirs)   # Subversion
    | ~(?:HEAD|ours|theirs|.*conflict.*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# `TASKS-DESKTOP.md` (OneDrive), `TASKS - Copy.md`: only the content tells.
_OTHER = re.compile(r"[\s_.-].+")
_MEANT = re.compile(
    r"templat|example|sample|archiv|backup|\bbak\b|\bold\b|雛形|ひな形|テンプレ|見本|保管|控え",
    re.I,
)


def find_copies(folder: Path, known: Mapping[str, Collection[str]]) -> list[Problem]:
    """Warn of copies that wait for a person; `known` are the ids by the kind's name."""
    names = _file_names(folder)
    return [
        Problem("conflict-copy", "warning", _told(name), 1, kind.file_name)
        for kind in KINDS
        for name in names
        if _is_copy(kind, folder / name, frozenset(known.get(kind.name, ())))
    ]


def _told(name: str) -> str:
    return f"an outside save that came in between lies in {name}: merge it, then delete it"


def _file_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(one.name for one in entries if one.is_file(follow_symlinks=False))
    except OSError:
        return []


def _is_copy(kind: LedgerKind[Any], path: Path, ids: frozenset[str]) -> bool:
    stem, suffix = os.path.splitext(kind.file_name)  # noqa: PTH122 - not a path here
    name = path.name
    if not name.startswith(stem) or name == kind.file_name:
        return False
    if name.startswith(kind.file_name) and _NAME_MARKS.fullmatch(name, len(kind.file_name)):
        return True
    rest = name[len(stem) :]
    if rest.lower() in (".orig", ".rej"):
        return True
    if not rest.lower().endswith(suffix):
        return False
    rest = rest[: -len(suffix)]
    if _STEM_MARKS.fullmatch(rest):
        return True
    return bool(_OTHER.fullmatch(rest)) and not _MEANT.search(rest) and _shares(kind, path, ids)


def _shares(kind: LedgerKind[Any], path: Path, ids: frozenset[str]) -> bool:
    """Tell whether a file is a ledger of this kind with mostly the same records."""
    try:
        found = _ids_in(kind.name, read_regular(path, _MOST_BYTES))
    except OSError:
        return False
    return 2 * len(found & ids) > len(found)


@lru_cache(8)
def _ids_in(name: str, data: bytes) -> frozenset[str]:
    kind = next(kind for kind in KINDS if kind.name == name)
    return frozenset(record.key for record in load_snapshot(kind, data).records)
