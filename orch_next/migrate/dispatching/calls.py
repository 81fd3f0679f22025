"""Calls of `Task-Dispatcher.ps1`, read out of command lines and scripts (contract 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

SCRIPT = "task-dispatcher.ps1"
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,;()\"']+")
_LITERAL = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_PARAMETER = re.compile(r"-([A-Za-z]+)(?::(.*))?\Z")
_CONTINUED = {".ps1": "`", ".psm1": "`", ".bat": "^", ".cmd": "^", ".sh": "\\"}
_COMMENTS = ("#", "::", "rem ", "@rem ")
# A parameter's default in the script's own `param(...)`.
_DEFAULTS = re.compile(
    r"\$(CoreId|Stay|EnableOrchIntegration|OrchIntegrationIntervalSeconds)\s*="
    r"\s*('[^']*'|\"[^\"]*\"|\$true|\$false|\d+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Call:
    """One call; `core_id` is empty where only running the script would tell it.

    `interval` is in seconds, None where the call left it out.
    """

    core_id: str
    stay: bool = False
    integration: bool = False
    interval: int | None = None
    script: str = ""


def parse_call(arguments: Iterable[str]) -> Call | None:
    """Return the call that a command line makes; None when it does not run the dispatcher."""
    tokens = [token for argument in arguments for token in _tokens(argument)]
    script = next((one for one in tokens if _is_script(one)), "")
    if not script:
        return None
    given = _parameters(tokens)
    core = given.get("coreid") or ""
    return Call(
        core if _LITERAL.match(core) else "",
        _is_on(given.get("stay", "")),
        _is_on(given.get("enableorchintegration", "")),
        _seconds(given.get("orchintegrationintervalseconds", "")),
        script,
    )


def parse_script(text: str, suffix: str) -> Iterator[tuple[int, Call]]:
    """Yield the calls in a script with their lines; comments and its name alone not."""
    for number, line in _logical_lines(text, _CONTINUED.get(suffix, "")):
        bare = line.strip()
        if SCRIPT not in bare.lower() or bare.lower().startswith(_COMMENTS):
            continue
        call = parse_call([bare])
        if call and ("-coreid" in bare.lower() or "-action" in bare.lower()):
            yield number, call


def parse_defaults(text: str) -> Call | None:
    """Return what `Task-Dispatcher.ps1` does without arguments, if its core has a default."""
    found = {m[1].lower(): m[2].strip("'\"") for m in _DEFAULTS.finditer(text)}
    core = found.get("coreid", "")
    if not _LITERAL.match(core):
        return None
    return Call(
        core,
        _is_on(found.get("stay", "$false")),
        _is_on(found.get("enableorchintegration", "$false")),
        _seconds(found.get("orchintegrationintervalseconds", "")),
        SCRIPT,
    )


def _tokens(text: str) -> Iterator[str]:
    """Yield words; a quoted word that is itself a command (`-Command "& ... -CoreId x"`) too."""
    if not any(char in text for char in " ,'\""):
        yield text
        return
    if _is_script(text) and " -" not in text and not text.startswith(("&", '"', "'")):
        yield text  # a path with spaces, already one argument
        return
    for match in _TOKEN.finditer(text):
        word = match[0].strip("\"'") if match[0][0] in "\"'" else match[0]
        if " -" in word and word != text:
            yield from _tokens(word)
        else:
            yield word


def _is_script(token: str) -> bool:
    return token.lower().replace("/", "\\").rpartition("\\")[2] == SCRIPT


def _parameters(tokens: Sequence[str]) -> dict[str, str | None]:
    """Return parameters by lower-case name; a switch without a value has None."""
    found: dict[str, str | None] = {}
    for index, token in enumerate(tokens):
        match = _PARAMETER.match(token)
        if not match:
            continue
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        value = match[2] or (None if after.startswith("-") or not after else after)
        found[match[1].lower()] = value
    return found


def _is_on(value: str | None) -> bool:
    """Tell whether a switch is set: given alone, `:$true`, and not `:$false`; "" is absent."""
    if value is None:
        return True
    return value != "" and value.lower() not in ("$false", "false", "0", ":$false")


def _seconds(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() else None


def _logical_lines(text: str, mark: str) -> Iterator[tuple[int, str]]:
    start, held = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        if mark and line.rstrip().endswith(mark):
            held += line.rstrip()[:-1] + " "
            continue
        yield start, held + line
        start, held = 0, ""
    if held:
        yield start, held
