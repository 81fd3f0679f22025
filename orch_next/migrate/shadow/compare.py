"""Two answers to one question: status, type, keys, and values where they should be equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from orch_next.migrate.shadow.fetch import Answer
from orch_next.migrate.shadow.routes import Route

What = Literal["status", "type", "missing", "value", "length", "title", "body", "extra"]
# Members that name a moment or a reading of the host: only their type is compared.
_VOLATILE = re.compile(
    r"(?:^|_)(?:timestamp|time|at|updated|check|seen|mtime|uptime|pid|now|ts)$"
    r"|^(?:cpu|mem|memory|disk|net)(?:_|$)|_percent$|_mb$|_gb$|health_score$|^last_"
)
_IDS = ("id", "appr_id", "ms_id", "hash", "rule_id", "name")
_TITLE = re.compile(rb"<title>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_LONGEST = 120
_MISSING = object()
NO_ROWS = "no rows"


@dataclass(frozen=True)
class Difference:
    """One place where the answers differ; `where` is like `tasks[001].title`."""

    what: What
    where: str
    old: str
    new: str


def compare(route: Route, old: Answer, new: Answer) -> list[Difference]:
    """Return the differences; keys that only the new server has are `extra`, which is no fault."""
    if old.status != new.status:
        return [Difference("status", "", str(old.status), str(new.status))]
    if old.mime != new.mime:
        return [Difference("type", "", old.mime, new.mime)]
    if old.location != new.location:
        return [Difference("value", "Location", old.location, new.location)]
    return list(_COMPARE[route.kind](route, old, new))


def _pages(_route: Route, old: Answer, new: Answer) -> Iterator[Difference]:
    titles = [_title(one.body) for one in (old, new)]
    if titles[0] != titles[1]:
        yield Difference("title", "<title>", *titles)


def _title(body: bytes) -> str:
    found = _TITLE.search(body)
    return found[1].decode("utf-8", "replace") if found else ""


def _json(route: Route, old: Answer, new: Answer) -> Iterator[Difference]:
    values = []
    for answer in (old, new):
        try:
            values.append(answer.as_json())
        except ValueError:
            values.append(_MISSING)
    if values == [_MISSING, _MISSING]:
        if old.body != new.body:
            yield Difference("body", "", _shown(old.body), _shown(new.body))
    elif _MISSING in values:
        kinds = ["no JSON" if one is _MISSING else "JSON" for one in values]
        yield Difference("body", "", *kinds)
    else:
        yield from walk(values[0], values[1], "", live=route.live)


def _texts(_route: Route, old: Answer, new: Answer) -> Iterator[Difference]:
    names = [_families(one.body) for one in (old, new)]
    for name in sorted(names[0] - names[1]):
        yield Difference("missing", name, "a metric", "")


def _families(body: bytes) -> set[str]:
    lines = body.decode("utf-8", "replace").split("\n")
    return {re.split(r"[{\s]", one, maxsplit=1)[0] for one in lines if one and one[0] != "#"}


def _streams(_route: Route, old: Answer, new: Answer) -> Iterator[Difference]:
    if bool(old.body) != bool(new.body):
        texts = ["an event" if one.body else "no event" for one in (old, new)]
        yield Difference("body", "", *texts)


def _sockets(_route: Route, old: Answer, new: Answer) -> Iterator[Difference]:
    shapes = [re.sub(rb'"sid":"[^"]*"', b'"sid":""', one.body) for one in (old, new)]
    if shapes[0] != shapes[1]:
        yield Difference("body", "handshake", _shown(shapes[0]), _shown(shapes[1]))


_COMPARE = {"page": _pages, "json": _json, "text": _texts, "stream": _streams, "socket": _sockets}


def walk(old: Any, new: Any, where: str, *, live: bool) -> Iterator[Difference]:
    """Yield where two JSON values differ; `live` values by type only."""
    if _type(old) != _type(new):
        if not (live and None in (old, new)):
            yield Difference("type", where, _kind(old), _kind(new))
    elif isinstance(old, dict):
        yield from _members(old, new, where, live)
    elif isinstance(old, list):
        yield from _items(old, new, where, live)
    elif not live and old != new:
        yield Difference("value", where, _shown(old), _shown(new))


def _members(
    old: dict[str, Any], new: dict[str, Any], where: str, live: bool
) -> Iterator[Difference]:
    for name in old:
        inner = f"{where}.{name}" if where else name
        if name not in new:
            yield Difference("missing", inner, _shown(old[name]), "")
        else:
            is_live = live or bool(_VOLATILE.search(name))
            yield from walk(old[name], new[name], inner, live=is_live)
    for name in new:
        if name not in old:
            yield Difference("extra", f"{where}.{name}" if where else name, "", _kind(new[name]))


def _items(old: list[Any], new: list[Any], where: str, live: bool) -> Iterator[Difference]:
    if live:
        if old and new:
            yield from walk(old[0], new[0], f"{where}[0]", live=True)
        return
    if new and not old:
        yield Difference("length", where, NO_ROWS, str(len(new)))
        return
    before, after = _keyed(old), _keyed(new)
    for key, value in before.items():
        if key not in after:
            yield Difference("missing", f"{where}[{key}]", _shown(value), "")
        else:
            yield from walk(value, after[key], f"{where}[{key}]", live=False)
    for key in after:
        if key not in before:
            yield Difference("length", f"{where}[{key}]", "", _shown(after[key]))


def _keyed(items: list[Any]) -> dict[str, Any]:
    """Return a list's items by their ids, or by their places where they have none."""
    name = next((one for one in _IDS if all(isinstance(i, dict) and one in i for i in items)), None)
    found: dict[str, Any] = {}
    for place, item in enumerate(items):
        key = str(item[name]) if name else str(place)
        while key in found:
            key += "'"
        found[key] = item
    return found


def _type(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def _kind(value: Any) -> str:
    return {"NoneType": "null", "dict": "object", "list": "array", "str": "string"}.get(
        _type(value), _type(value)
    )


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
