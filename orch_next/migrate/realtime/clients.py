"""Clients of the old server in the house's own pages and scripts: addresses and event names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orch_next.migrate.intake.listing import list_files
from orch_next.migrate.settings.text import read_text

LONGEST = 4 * 2**20
_SUFFIXES = frozenset(
    (
        *(".html", ".htm", ".js", ".mjs", ".ts", ".vue", ".py", ".ps1", ".psm1", ".bat", ".cmd"),
        *(".sh", ".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".env", ".xml"),
    )
)
# Data, logs, ledgers and other people's programs are no clients.
_SKIPPED = ("data", "LOGS", "STATE", "ORCH/LOGS", "ORCH/STATE", "ORCH/REPORTS", "ORCH/docs")
# Copies, tests of a build service and documents: nobody runs what they name.
_KEPT = re.compile(
    r"\.?_?(backups?|bak|old|archive)(\b|_|$).*|.*[_.-](backup|bak|old|orig)(\.\w+)?", re.IGNORECASE
)
_ABOUT = frozenset((".github", ".gitlab", ".circleci", ".azure", ".vscode", ".idea", "docs", "doc"))
_BUILDS = re.compile(
    r"\.?(gitlab-ci|travis|azure-pipelines|appveyor|circle|bitbucket-pipelines)\b.*\.ya?ml"
)
_FOREIGN = ("node_modules", "__pycache__", "site-packages", ".git", ".venv", "venv", "orch_next")
_ADDRESS = re.compile(
    r"\b(?P<scheme>https?|wss?)://(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])"
    r"(?::(?P<port>\d{1,5}))?(?![\w.])",
    re.IGNORECASE,
)
_SOCKET = (
    r"\b(?:socket|socketio|sio|io|self\.socketio|client)\.{verb}\(\s*['\"](?P<name>[\w:.-]+)['\"]"
)
_LISTENS = re.compile(_SOCKET.replace("{verb}", "on"))
_EMITS = re.compile(_SOCKET.replace("{verb}", "emit"))
Way = Literal["from the server", "to the server"]


@dataclass(frozen=True)
class Address:
    """A loopback address in a file; `port` is the scheme's own where none is written."""

    where: str
    url: str
    port: int


@dataclass(frozen=True)
class EventName:
    """A Socket.IO event in a file, seen from the page: what it hears or what it sends."""

    where: str
    name: str
    way: Way


@dataclass(frozen=True)
class Clients:
    """Everything that was found, by file and line; `unread` are files that cannot be read."""

    addresses: tuple[Address, ...]
    events: tuple[EventName, ...]
    unread: tuple[tuple[str, str], ...]


def find_clients(source: Path) -> Clients:
    """Look through the old house's text files of at most 4 MiB."""
    addresses: list[Address] = []
    events: list[EventName] = []
    unread: list[tuple[str, str]] = []
    for found in list_files(source, ("",), _is_skipped).files:
        if found.path.suffix.lower() not in _SUFFIXES and found.path.name != ".env":
            continue
        if found.size > LONGEST:
            continue
        try:
            text = read_text(found.path).text
        except OSError as error:
            unread.append((found.name, error.strerror or str(error)))
            continue
        for number, line in enumerate(text.split("\n"), start=1):
            where = f"{found.name}:{number}"
            addresses += _addresses(where, line)
            events += _events(where, line, is_server=found.path.suffix == ".py")
    return Clients(tuple(addresses), tuple(events), tuple(unread))


def _is_skipped(name: str) -> bool:
    own = name.rpartition("/")[2]
    return (
        name in _SKIPPED
        or own in _FOREIGN
        or own.lower() in _ABOUT
        or bool(_KEPT.fullmatch(own) or _BUILDS.fullmatch(own.lower()))
    )


def _addresses(where: str, line: str) -> Iterator[Address]:
    for match in _ADDRESS.finditer(line):
        usual = 443 if match["scheme"].lower() in ("https", "wss") else 80
        yield Address(where, match[0], int(match["port"] or usual))


def _events(where: str, line: str, *, is_server: bool) -> Iterator[EventName]:
    hears, sends = (_EMITS, _LISTENS) if is_server else (_LISTENS, _EMITS)
    yield from (
        EventName(where, match["name"], "from the server") for match in hears.finditer(line)
    )
    yield from (EventName(where, match["name"], "to the server") for match in sends.finditer(line))
