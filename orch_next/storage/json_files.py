"""JSON files that several processes change: read strictly, written whole under a lock."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson

from orch_next.errors import DamagedError, LedgerError, RuleError
from orch_next.regular import MOST_RECORDS, read_regular
from orch_next.storage.atomic import make_folders, replace_whole
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import locked

T = TypeVar("T")
# A file may be larger already; then it may not grow. Indented it is longer.
MOST_WRITTEN = MOST_RECORDS // 4


def parse_json(data: bytes) -> Any:
    """Parse JSON without NaN, lone surrogates and names given twice; raise `ValueError`."""
    # orjson refuses NaN, bad UTF-8, lone surrogates and depth; only json shows repeated names.
    orjson.loads(data)
    try:
        return json.loads(data, object_pairs_hook=_members)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_marked_json(data: bytes) -> Any:
    """Parse like `parse_json` a file that may begin with a byte order mark."""
    return parse_json(data.removeprefix(b"\xef\xbb\xbf"))


class JsonFile:
    """One file, `{}` or `[]` as long as it is missing; `private` ones are their owner's alone.

    A file that is not valid JSON raises `DamagedError` and is never written.
    """

    def __init__(
        self,
        path: Path,
        empty: Callable[[], Any],
        *,
        private: bool,
        lock_timeout: float,
        most_read: int = MOST_RECORDS,
        most_written: float = math.inf,
        disk: Disk | None = None,
    ) -> None:
        self.path, self._empty, self._private = path, empty, private
        self._timeout, self._disk = lock_timeout, disk or Disk()
        self._most_read, self._most_written = most_read, most_written

    def read(self) -> Any:
        """Return the whole value; OSError passes."""
        try:
            data = read_regular(self.path, self._most_read)
        except FileNotFoundError:
            return self._empty()
        try:
            return parse_marked_json(data)
        except ValueError as error:
            raise DamagedError(f"{self.path.name} is not valid JSON: {error}") from error

    def edit(self, change: Callable[[Any], T]) -> T:
        """Let `change` alter the value in place and write it; what it raises abandons.

        Raise BusyError when another writer keeps the file, RuleError when it would grow beyond
        its limit, LedgerError when the disk refuses, UncertainError when it did not confirm
        what is in place.
        """
        path = self.path.resolve()
        try:
            make_folders(path.parent, self._disk, private=self._private)
            lock = path.with_name(f".{path.name}.lock")
            with locked(lock, self._timeout, disk=self._disk):
                return self._edit(path, change)
        except OSError as error:
            raise LedgerError(f"{self.path.name} was not written: {error.strerror}") from error

    def _edit(self, path: Path, change: Callable[[Any], T]) -> T:
        whole = self.read()
        before = json.dumps(whole)
        result = change(whole)
        after = json.dumps(whole)
        if after != before:
            if len(after) > max(self._most_written, len(before)):
                raise RuleError(f"{path.name} is full ({self._most_written} bytes): remove some")
            text = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
            replace_whole(path, text.encode(), self._disk, private=self._private)
        return result


class JsonRecords:
    """The records of a file in either known form: an array, or `{"<key>": [...]}` (contract 6).

    The form, the other keys and records that are no objects are kept. A file of no such form
    raises `DamagedError` and is never written. Errors are those of `JsonFile`.
    """

    def __init__(
        self, path: Path, key: str, *, lock_timeout: float = 5.0, disk: Disk | None = None
    ) -> None:
        self.path, self._key = path, key
        self._file = JsonFile(
            path,
            list,
            private=True,
            lock_timeout=lock_timeout,
            most_written=MOST_WRITTEN,
            disk=disk,
        )

    def read(self) -> list[Any]:
        """Return the records; a missing file has none."""
        return self._records(self._file.read())

    def edit(self, change: Callable[[list[Any]], T]) -> T:
        """Let `change` alter the list in place and write it; what it raises abandons."""
        return self._file.edit(lambda whole: change(self._records(whole)))

    def _records(self, whole: Any) -> list[Any]:
        found = whole.get(self._key) if isinstance(whole, dict) else whole
        if not isinstance(found, list):
            raise DamagedError(f'{self.path.name} is neither a list nor {{"{self._key}": [...]}}')
        return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a member twice")
    return found
