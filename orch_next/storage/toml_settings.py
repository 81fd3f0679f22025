"""Settings files: TOML read whole, each value by its key's reader; every error names the key.

A reader takes a key's full name and its value, and returns the value as the program wants it or
raises `ConfigError`. Those of the second half also take words, as environment variables have them.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from orch_next.errors import ConfigError
from orch_next.regular import MOST_SMALL, read_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")
Reader = Callable[[str, Any], Any]
FLAGS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(
    ("0", "false", "no", "off"), False
)


def load_settings_file(path: Path, parse: Callable[[dict[str, Any]], T]) -> T:
    """Return what `parse` makes of a file, of no key where it is missing; raise `ConfigError`."""
    data = load_toml(path)
    try:
        return parse(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def load_toml(path: Path) -> dict[str, Any]:
    """Return a file's keys, none where it is missing; raise `ConfigError` naming it."""
    try:
        return parse_toml(read_regular(path, MOST_SMALL).decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error


def load_json(path: Path, name: str = "") -> dict[str, Any]:
    """Return the members of a JSON file that others wrote, none where it is missing.

    Raise `ConfigError` for anything else, with the file's path, or `name` instead.
    """
    try:
        data = json.loads(read_regular(path, MOST_SMALL).decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{name or path}: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{name or path}: the file must hold a JSON object")
    return data


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML; raise `ValueError`, also where it is nested too deeply."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_table(table: Any, readers: Mapping[str, Reader], name: str = "") -> dict[str, Any]:
    """Return a table's values, each by its reader; an unknown key is refused."""
    if not isinstance(table, dict):
        raise ConfigError(f"{name} must be a table")
    prefix = f"{name}." if name else ""
    if unknown := sorted(set(table) - set(readers)):
        raise ConfigError(f"unknown key: {prefix}{unknown[0]}")
    return {key: readers[key](f"{prefix}{key}", value) for key, value in table.items()}


def tables(example: str) -> Reader:
    """Read tables by name, to be read one by one; `example` is one as people write it."""

    def read(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ConfigError(f"{name} must be tables such as [{name}.{example}]")
        return value

    return read


def boolean(name: str, value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false")
    return value


def whole(least: int, most: float = math.inf) -> Reader:
    """Read a whole number from `least`, which is 0 or 1, to `most`."""
    wanted = "a whole number above 0" if least else "a whole number, 0 or more"

    def read(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(f"{name} must be {wanted}")
        if value > most:
            raise ConfigError(f"{name} must be at most {most}")
        return value

    return read


def number(most: float) -> Reader:
    """Read a number from 0 up to, but without, `most`."""

    def read(name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < most:
            raise ConfigError(f"{name} must be a number from 0 to {most:g}")
        return float(value)

    return read


def one_of(words: Sequence[str]) -> Reader:
    """Read one of some words."""

    def read(name: str, value: Any) -> str:
        if value not in words:
            raise ConfigError(f"{name} must be one of {', '.join(words)}")
        return str(value)

    return read


def filled_text(name: str, value: Any) -> str:
    """Read text that a command line and the environment can take."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ConfigError(f"{name} must be text that is not empty")
    return value


def texts(name: str, value: Any) -> tuple[str, ...]:
    """Read a list of texts, which may be empty."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(f"{name} must be a list of texts")
    return tuple(value)


def filled_texts(name: str, value: Any) -> tuple[str, ...]:
    """Read a list of texts, of at least one, none of them empty."""
    if not isinstance(value, list) or not value:
        raise ConfigError(f"{name} must be a list of texts")
    return tuple(filled_text(name, item) for item in value)


def filled_texts_by_name(name: str, value: Any) -> dict[str, str]:
    """Read a table of texts that are not empty."""
    if not isinstance(value, dict):
        raise ConfigError(f"{name} must be a table of texts")
    return {key: filled_text(f"{name}.{key}", item) for key, item in value.items()}


def digits(name: str, value: Any) -> int:
    """Read a whole number, also from its digits."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise ConfigError(f"{name} must be a whole number, not {value!r}")
    return int(text)


def seconds(name: str, value: Any) -> float:
    """Read a finite number of seconds, also from text."""
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} must be a number of seconds, not {value!r}") from error
    if not math.isfinite(found):
        raise ConfigError(f"{name} must be a number of seconds, not {value!r}")
    return found


def flag(name: str, value: Any) -> bool:
    """Read true or false, also from a word such as `yes`."""
    found = FLAGS.get(str(value).strip().lower())
    if found is None:
        raise ConfigError(f"{name} must be true or false, not {value!r}")
    return found


def folder(_name: str, value: Any) -> Path:
    """Read an absolute path; `~` is the user's home."""
    return Path(value).expanduser().absolute()


def text(name: str, value: Any) -> str:
    """Read text, also a path as code passes it in."""
    if not isinstance(value, (str, Path)):
        raise ConfigError(f"{name} must be text, not {value!r}")
    return str(value)


def names(name: str, value: Any) -> tuple[str, ...]:
    """Read a list of texts, also from one text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
        raise ConfigError(f"{name} must be comma-separated text or a list of texts, not {value!r}")
    return tuple(part.strip() for part in parts if part.strip())
