"""Scheduled tasks of Windows that start the dispatcher: from `schtasks` and from XML files."""

from __future__ import annotations

import platform
import re
import subprocess  # schtasks, with fixed arguments
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from orch_next.errors import MigrationError
from orch_next.migrate.dispatching.calls import Call, parse_call
from orch_next.migrate.settings.text import decode_text

_NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_QUERY = ("schtasks", "/query", "/xml", "ONE")
_SECONDS = 60


@dataclass(frozen=True)
class Schedule:
    """A scheduled task that calls the dispatcher; `triggers` are the kinds it starts by."""

    name: str
    call: Call
    triggers: tuple[str, ...]
    is_enabled: bool


def query_schedules() -> bytes:
    """Return what `schtasks /query /xml` prints; empty where there is none (not Windows).

    Raise MigrationError when it fails.
    """
    if platform.system() != "Windows":
        return b""
    try:
        done = subprocess.run(_QUERY, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603  # fixed
    except (OSError, subprocess.SubprocessError) as error:
        raise MigrationError(f"schtasks does not answer: {error}") from error
    return done.stdout


def parse_schedules(data: bytes, name: str = "") -> list[Schedule]:
    """Return the dispatcher's tasks of an XML file or of `schtasks`; ValueError if it is none.

    `name` is for tasks that do not tell their own.
    """
    text = _DECLARATION.sub("", decode_text(data).text).strip().lstrip("\ufeff").strip()
    if not text:
        return []
    if _DOCTYPE.search(text):
        raise ValueError("a document type declaration is not allowed in a task")
    try:
        root = Xml.fromstring(f"<all>{text}</all>")  # noqa: S314  # no DOCTYPE, so no entities
    except Xml.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    tasks = list(root.iter(f"{_NAMESPACE}Task"))
    return [found for task in tasks for found in _schedules(task, name)]


def _schedules(task: Xml.Element, name: str) -> Iterator[Schedule]:
    told = _text(task, "RegistrationInfo", "URI") or name
    triggers = task.find(f"{_NAMESPACE}Triggers")
    kinds = tuple(
        one.tag.removeprefix(_NAMESPACE) for one in ([] if triggers is None else triggers)
    )
    is_enabled = _text(task, "Settings", "Enabled").lower() != "false"
    for action in task.iter(f"{_NAMESPACE}Exec"):
        call = parse_call([_text(action, "Command"), _text(action, "Arguments")])
        if call:
            yield Schedule(told, call, kinds, is_enabled)


def _text(element: Xml.Element, *path: str) -> str:
    found = element.findtext("/".join(f"{_NAMESPACE}{name}" for name in path))
    return (found or "").strip()
