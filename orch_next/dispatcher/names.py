"""Turn task ids, which come from a ledger cell, into names that are safe on every disk."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

# What stays as it is: short, plain, no leading or trailing dot, not like our own hashes.
_PLAIN = re.compile(r"(?!.*-[0-9a-f]{12}\Z)[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}(?<!\.)\Z")
_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9]|LPT[0-9])(\.|\Z)", re.I)


def safe_name(task_id: str) -> str:
    """Return a file name for the id: itself when plain, else `task-` and 12 hex digits."""
    if _PLAIN.match(task_id) and not _DEVICES.match(task_id):
        return task_id
    return f"task-{hashlib.sha256(task_id.encode('utf-8', 'replace')).hexdigest()[:12]}"


def attempt_log(folder: Path, task_id: str, attempt: int) -> Path:
    """Return a path that does not exist yet: `<folder>/<task>/<attempt>.log`, else `<n>-2.log`."""
    home = folder / safe_name(task_id)
    path, again = home / f"{attempt}.log", 1
    while path.exists():
        again += 1
        path = home / f"{attempt}-{again}.log"
    return path
