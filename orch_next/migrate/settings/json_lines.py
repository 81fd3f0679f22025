"""JSON with lines: every value below a file's objects, where it stands, and what is doubled."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SPACE = " \t\r\n"
KeyPath = tuple[str, ...]


class BadJsonError(ValueError):
    """The text is no JSON object; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Leaf:
    """One value that is no object with members: the keys that lead to it, and its line."""

    path: KeyPath
    value: Any
    line: int

    @property
    def name(self) -> str:
        """Return the path as the documents write it: `dashboard.port`."""
        return ".".join(self.path)


@dataclass(frozen=True)
class JsonFile:
    """What an object holds, in the file's order; `doubled` are earlier values of doubled keys."""

    leaves: tuple[Leaf, ...]
    doubled: tuple[Leaf, ...] = ()


def read_json(text: str) -> JsonFile:
    """Read a JSON object; the last of doubled keys counts, as in the legacy. Raise BadJsonError."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            raise BadJsonError("the file must hold a JSON object", 1)
        return _Reader(text).read()
    except json.JSONDecodeError as error:
        raise BadJsonError(error.msg, error.lineno) from error
    except RecursionError as error:
        raise BadJsonError("the values are nested too deeply", 1) from error


def dump_json(value: Any) -> bytes:
    """Return readable JSON with a line end, in UTF-8 (escaped where it holds lone surrogates)."""
    try:
        text = json.dumps(value, ensure_ascii=False, indent=2)
        return f"{text}\n".encode()
    except UnicodeEncodeError:
        return f"{json.dumps(value, indent=2)}\n".encode("ascii")


def put_path(members: dict[str, Any], path: KeyPath, value: Any) -> None:
    """Set a value below nested objects, making them; a scalar in the way is left alone."""
    for name in path[:-1]:
        below = members.setdefault(name, {})
        if not isinstance(below, dict):
            members[".".join(path)] = value
            return
        members = below
    members[path[-1]] = value


def walk(members: Mapping[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield each value below nested objects with its path."""
    for name, value in members.items():
        if isinstance(value, dict) and value:
            yield from walk(value, (*path, name))
        else:
            yield (*path, name), value


class _Reader:
    """Walk text that is known to be valid, so that nothing here needs to check it again."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._ends = [place for place, char in enumerate(text) if char == "\n"]
        self._scan = json.JSONDecoder().raw_decode
        self._leaves: dict[KeyPath, Leaf] = {}
        self._doubled: list[Leaf] = []

    def read(self) -> JsonFile:
        self._object(())
        return JsonFile(tuple(self._leaves.values()), tuple(self._doubled))

    def _object(self, path: KeyPath) -> None:
        self._skip("{")
        seen: set[str] = set()
        while self._peek() != "}":
            line = self._line()
            key, self._at = self._scan(self._text, self._at)
            here = (*path, key)
            if key in seen:
                self._forget(here)
            seen.add(key)
            self._skip(":")
            self._value(here, line)
            if self._peek() == ",":
                self._skip(",")
        if not seen and path:
            self._leaves[path] = Leaf(path, {}, self._line())
        self._skip("}")

    def _value(self, path: KeyPath, line: int) -> None:
        if self._peek() == "{":
            self._object(path)
            return
        value, self._at = self._scan(self._text, self._at)
        self._leaves[path] = Leaf(path, value, line)

    def _forget(self, path: KeyPath) -> None:
        for known in [p for p in self._leaves if p[: len(path)] == path]:
            self._doubled.append(self._leaves.pop(known))

    def _peek(self) -> str:
        while self._text[self._at] in _SPACE:
            self._at += 1
        return self._text[self._at]

    def _skip(self, char: str) -> None:
        assert self._peek() == char  # noqa: S101  # json.loads has accepted the text
        self._at += 1

    def _line(self) -> int:
        self._peek()
        return bisect_left(self._ends, self._at) + 1
