"""Whether ORCH-Next answers a request or an event that a page of the legacy relies on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from orch_next.migrate.dashboard.legacy import LEGACY_EVENTS, LEGACY_ROUTES
from orch_next.migrate.dashboard.ours import HEARD, OUR_ROUTES, SENT

Fate = Literal["covered", "changed", "missing"]
ANY = "*"
# Socket.IO and Flask answer these themselves.
_BUILT_IN = ("/socket.io", "/static/", "/favicon.ico")
_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>")
_ENDS = frozenset({"connect", "disconnect", "connect_error", "reconnect", "message"})


@dataclass(frozen=True)
class Answer:
    """What becomes of a request; `why` names what is different."""

    fate: Fate
    why: str = ""


def judge_route(method: str, path: str) -> Answer:
    """Say whether a route is served; `path` may have `<...>`, and `*` for what a script fills in.

    `method` is one of HTTP, or `*` where the page does not tell it.
    """
    plain = urlsplit(path).path or "/"
    if plain.startswith(_BUILT_IN):
        return Answer("covered")
    verbs = {verb for verb, rule in OUR_ROUTES if _fits(rule, plain)}
    if method in verbs or (method == ANY and verbs):
        return Answer("covered")
    if verbs:
        return Answer("changed", f"here by {', '.join(sorted(verbs))} only")
    return Answer("missing")


def judge_event(name: str, *, is_sent: bool) -> Answer:
    """Say whether an event is there: one that the page sends, or one that it waits for."""
    if name in _ENDS or name in (HEARD if is_sent else SENT):
        return Answer("covered")
    if name in (SENT if is_sent else HEARD):
        return Answer("changed", "goes the other way here")
    return Answer("missing")


def is_legacy_route(method: str, path: str) -> bool:
    """Tell whether the unmodified dashboard had a route (contract 1.1)."""
    return any(verb == method and _fits(rule, path) for verb, rule in LEGACY_ROUTES)


def is_legacy_event(name: str) -> bool:
    """Tell whether the unmodified dashboard had an event (contract 2)."""
    return name in LEGACY_EVENTS | _ENDS


def count_fates(fates: Iterable[Fate]) -> dict[str, int]:
    """Count by fate, every one of them named."""
    found = list(fates)
    return {name: found.count(name) for name in ("covered", "changed", "missing")}


@lru_cache(maxsize=4096)
def _fits(rule: str, path: str) -> bool:
    """Tell whether a rule serves a path whose own variables are `<...>` or `*`."""
    return _pattern(rule).fullmatch(_VARIABLE.sub(ANY, path)) is not None


@lru_cache(maxsize=512)
def _pattern(rule: str) -> re.Pattern[str]:
    parts, at = [], 0
    for match in _VARIABLE.finditer(rule):
        parts.append(_literal(rule[at : match.start()]))
        parts.append(".+" if match[1] == "path" else "[^/]+")
        at = match.end()
    return re.compile("".join([*parts, _literal(rule[at:])]))


def _literal(text: str) -> str:
    """Return a pattern for fixed text in which a whole segment may be `*`: a script fills it in."""
    segments = text.split("/")
    return "/".join(rf"(?:{re.escape(one)}|\*)" if one else "" for one in segments)
