"""Instructions to the cores, kept in `data/work_instructions.json` (contract 1.2; D42, D43)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from orch_next.errors import InputError
from orch_next.storage.json_files import JsonRecords

STORE = Path("data") / "work_instructions.json"
TITLE = "指示"
OWNER = "CMD"
PREFIX = "INS-"
MOST_KEPT = 10_000
LONGEST = 20_000
_KEYS = ("id", "title", "detail", "owner", "created_at")


class Instructions:
    """The rules over one file; a corrupt one is never overwritten (DamagedError)."""

    def __init__(self, file: JsonRecords, *, now: Callable[[], datetime]) -> None:
        self._file, self._now = file, now

    def list_all(self) -> list[dict[str, Any]]:
        """Return every instruction with the contract's keys, in the file's order."""
        rows = [row for row in self._file.read() if isinstance(row, dict)]
        return [{**dict.fromkeys(_KEYS, ""), **row} for row in rows]

    def add(self, title: str, detail: str, owner: str) -> dict[str, Any]:
        """Store an instruction and return it; its id is the epoch second, made unique."""
        if max(map(len, (title, detail, owner))) > LONGEST:
            raise InputError(f"title, detail and owner have at most {LONGEST} characters")
        at = self._now()

        def change(rows: list[Any]) -> dict[str, Any]:
            if len(rows) >= MOST_KEPT:
                raise InputError(f"there are {MOST_KEPT} instructions already; archive the file")
            item = {
                "id": _free_id(rows, int(at.timestamp())),
                "title": title,
                "detail": detail,
                "owner": owner,
                "created_at": at.astimezone().replace(tzinfo=None).isoformat("T", "microseconds"),
            }
            rows.append(item)
            return item

        return self._file.edit(change)


def open_instructions(
    moc_root: Path, lock_timeout: float, now: Callable[[], datetime]
) -> Instructions:
    """Return the instructions of one MOC root; opening touches nothing."""
    file = JsonRecords(moc_root / STORE, "items", lock_timeout=lock_timeout)
    return Instructions(file, now=now)


def _free_id(rows: list[Any], second: int) -> str:
    taken = {row.get("id") for row in rows if isinstance(row, dict)}
    wanted = f"{PREFIX}{second}"
    number = 1
    while wanted in taken:
        number += 1
        wanted = f"{PREFIX}{second}-{number}"
    return wanted
