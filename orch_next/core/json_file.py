"""One JSON file of records that several processes change: read strictly, written whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson

from orch_next.errors import DamagedError, LedgerError, RuleError
from orch_next.ledger.disk import Disk
from orch_next.ledger.lock import locked
from orch_next.ledger.whole import make_folders, replace_whole
from orch_next.regular import MOST_RECORDS, read_regular

T = TypeVar("T")
# A file may be larger already; then it may not grow. Indented it is longer.
MOST_WRITTEN = MOST_RECORDS // 4


class JsonRecords:
    """The records of a file in either known form: an array, or `{"<key>": [...]}` (contract 6).

    The form, the other keys and records that are no objects are kept. A file that is not
    valid JSON of one of the forms raises `DamagedError` and is never written.
    """

    def __init__(
        self, path: Path, key: str, *, lock_timeout: float = 5.0, disk: Disk | None = None
    ) -> None:
        self.path, self._key, self._timeout = path, key, lock_timeout
        self._disk = disk or Disk()

    def read(self) -> list[Any]:
        """Return the records; a missing file has none."""
        return self._records(self._load())

    def edit(self, change: Callable[[list[Any]], T]) -> T:
        """Let `change` alter the list in place and write it; what it raises abandons.

        Raise BusyError when another writer keeps the file, RuleError when it would grow beyond
        16 MB, LedgerError when the disk refuses, UncertainError when it did not confirm what is
        in place.
        """
        path = self.path.resolve()
        try:
            make_folders(path.parent, self._disk, private=True)
            lock = path.with_name(f".{path.name}.lock")
            with locked(lock, self._timeout, disk=self._disk):
                return self._edit(path, change)
        except OSError as error:
            raise LedgerError(f"{self.path.name} was not written: {error.strerror}") from error

    def _edit(self, path: Path, change: Callable[[list[Any]], T]) -> T:
        whole = self._load()
        before = json.dumps(whole)
        result = change(self._records(whole))
        after = json.dumps(whole)
        if after != before:
            if len(after) > max(MOST_WRITTEN, len(before)):
                raise RuleError(f"{self.path.name} is full ({MOST_WRITTEN} bytes): remove some")
            text = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
            replace_whole(path, text.encode(), self._disk, private=True)
        return result

    def _load(self) -> Any:
        try:
            data = read_regular(self.path, MOST_RECORDS)
        except FileNotFoundError:
            return []
        try:
            return parse_json(data.removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise DamagedError(f"{self.path.name} is not valid JSON: {error}") from error

    def _records(self, whole: Any) -> list[Any]:
        found = whole.get(self._key) if isinstance(whole, dict) else whole
        if not isinstance(found, list):
            raise DamagedError(f'{self.path.name} is neither a list nor {{"{self._key}": [...]}}')
        return found


def parse_json(data: bytes) -> Any:
    """Parse JSON without NaN, lone surrogates and names given twice; raise `ValueError`."""
    orjson.loads(data)
    try:
        return json.loads(data, object_pairs_hook=_members)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a member twice")
    return found
