"""Temporary files and conflict copies beside a ledger, and what a dead writer left there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from orch_next.ledger.settle import read_settled
from orch_next.storage.disk import Disk

_SHORT = 16


def digest(data: bytes) -> str:
    """Return the sha256 of some bytes in hex."""
    return hashlib.sha256(data).hexdigest()


def write_temp(disk: Disk, target: Path, data: bytes, digests: tuple[str, str]) -> Path:
    """Write the data durably beside the target, with its mode; return the file.

    Only when it is whole does it get the name that tells the digests of the old and the
    new content, so that a later writer can tell it from a save that an exchange displaced.
    """
    before, after = digests
    stem = f".{target.name}.{secrets.token_hex(4)}"
    draft = target.with_name(f"{stem}.tmp")
    whole = target.with_name(f"{stem}.{before[:_SHORT]}.{after[:_SHORT]}.tmp")
    try:
        _write_new(disk, draft, target, data)
        disk.rename(draft, whole)
    except OSError:
        with contextlib.suppress(OSError):
            disk.remove(draft)
        raise
    return whole


def _write_new(disk: Disk, path: Path, target: Path, data: bytes) -> None:
    like = _stat(disk, target)
    if not like.st_mode & 0o222:
        # A rename would ignore what the owner said.
        raise PermissionError(errno.EACCES, "the file is read-only", str(target))
    fd = disk.open_new(path)
    try:
        disk.copy_owner(fd, like)
        rest = memoryview(data)
        while rest:
            rest = rest[disk.write(fd, rest) :]
        disk.sync(fd)
    finally:
        disk.close(fd)


def _stat(disk: Disk, path: Path) -> os.stat_result:
    fd = disk.open_read(path)
    try:
        return disk.stat(fd)
    finally:
        disk.close(fd)


def keep_copy(disk: Disk, temp: Path, target: Path, now: datetime) -> Path:
    """Give a displaced save a name that people find, `TASKS.md.conflict-<UTC>-<n>`."""
    names = set(disk.names(target.parent))
    stem = f"{target.name}.conflict-{now:%Y%m%dT%H%M%SZ}"
    number = 1
    while f"{stem}-{number}" in names:
        number += 1
    copy = target.with_name(f"{stem}-{number}")
    disk.rename(temp, copy)
    return copy


def sweep(disk: Disk, target: Path, now: datetime, deadline: float) -> Path | None:
    """Remove what dead writers left; call it under the lock.

    Return the conflict copy when one of them had displaced an editor's save.
    """
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}(?:\.(\w+)\.(\w+))?\.tmp")
    kept = None
    for name in disk.names(target.parent):
        match = pattern.fullmatch(name)
        if match is None:
            continue
        temp = target.with_name(name)
        if match[1] and _is_foreign(disk, temp, match.groups(), deadline):
            kept = keep_copy(disk, temp, target, now)
        else:
            disk.remove(temp)
    return kept


def _is_foreign(disk: Disk, temp: Path, known: tuple[str, ...], deadline: float) -> bool:
    data, settled = read_settled(disk, temp, deadline)
    return not settled or digest(data)[:_SHORT] not in known
