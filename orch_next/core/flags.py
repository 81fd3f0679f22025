"""Read `STATE/flags.md`: FREEZE stops dispatch, AUTO_DECIDE is shown (contract 3.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from orch_next.regular import MOST_SMALL, read_regular

FILE_NAME = "flags.md"
FREEZE_VALUES = ("on", "off")
AUTO_DECIDE_VALUES = ("shadow", "on", "off")

# A flag opens its line, maybe as a list item or between backquotes or asterisks.
_LINE = re.compile(r"[\s*`-]*(FREEZE|AUTO_DECIDE)[*`]*\s*[=:]\s*[*`]*([^\s*`#|]*)", re.I)
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Flags:
    """The two flags; `frozen` says why dispatch is stopped, or is empty."""

    auto_decide: str = "off"
    frozen: str = ""


def parse_flags(text: str) -> Flags:
    """Read the flags; the more careful value wins when a flag is named twice or misspelt."""
    values: dict[str, list[str]] = {"FREEZE": [], "AUTO_DECIDE": []}
    for line in _LINE_END.split(text.removeprefix("\ufeff")):
        found = _LINE.match(line)
        if found:
            values[found[1].upper()].append(found[2].lower())
    return Flags(_auto_decide(values["AUTO_DECIDE"]), _frozen(values["FREEZE"]))


def read_flags(state_folder: Path) -> Flags:
    """Read the file; a missing one sets nothing, an unreadable one freezes (no guess)."""
    try:
        return parse_flags(read_regular(state_folder / FILE_NAME, MOST_SMALL).decode("utf-8"))
    except FileNotFoundError:
        return Flags()
    except (OSError, UnicodeDecodeError) as error:
        return Flags(frozen=f"{FILE_NAME} cannot be read: {error}")


def _frozen(values: list[str]) -> str:
    odd = [value for value in values if value not in FREEZE_VALUES]
    if odd:
        return f"FREEZE={odd[0]} in {FILE_NAME} is neither on nor off"
    return f"FREEZE=on in {FILE_NAME}" if "on" in values else ""


def _auto_decide(values: list[str]) -> str:
    known = [value for value in values if value in AUTO_DECIDE_VALUES]
    if not known or len(known) < len(values):
        return "off"
    return max(known, key=("on", "shadow", "off").index)
