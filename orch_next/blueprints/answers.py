"""Answer: JSON by orjson, lists from ready bytes with an ETag, changed records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Response, jsonify, request
from flask.json.provider import JSONProvider

from orch_next.blueprints.context import runtime
from orch_next.ready import Ready, Sources, is_same, make_ready

# The number of a journal entry that the rows of a list show, and all before it.
EVENT_HEADER = "X-Orch-Event"


class OrjsonProvider(JSONProvider):
    """Serialise with orjson: the same JSON values as the legacy, many times faster."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """Return JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """Parse JSON text; raise `ValueError` when it is none."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a JSON response."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(body, mimetype="application/json")


def answer_list(name: str, sources: tuple[Any, ...], build: Callable[[], Any]) -> Response:
    """Answer with bytes built once per set of snapshots, or 304 when the client has them."""
    parts = runtime()
    ready = parts.ready.get(name)
    if ready is None or not is_same(ready.sources, sources):
        ready = parts.ready[name] = make_ready(sources, orjson.dumps(build()))
    return answer_ready(ready)


def answer_ready(ready: Ready) -> Response:
    """Answer 200 with the bytes, or 304 when `If-None-Match` names them."""
    headers = ready.headers()
    if "If-None-Match" in request.headers and ready.etag in request.if_none_match:
        response = Response(status=304, headers=headers)
        response.headers.pop("Content-Type", None)
        return response
    return Response(ready.body, headers=[("Content-Type", ready.mime), *headers])


def with_rev(record: Any) -> dict[str, Any]:
    """Return a record's contract keys plus the additive `rev`."""
    return {**record.as_json(), "rev": record.rev}


def answer_snapshot(key: str, snapshot: Any) -> Response:
    """Answer a ledger: contract key plus the additive `count`, `problems`, `stale` (8.8)."""
    response = answer_list(
        key,
        (snapshot,),
        lambda: {
            key: [with_rev(record) for record in snapshot.records],
            "count": len(snapshot.records),
            "problems": [as_problem(problem) for problem in snapshot.problems],
            "stale": snapshot.stale,
        },
    )
    shows = (EVENT_HEADER, str(snapshot.event))
    response.headers[EVENT_HEADER] = shows[1]
    store = runtime().board.state.store(snapshot.kind)
    keep_answer(runtime().ready[key], lambda: (store.unchanged(),), [shows])
    return response


def keep_answer(
    ready: Ready,
    present: Callable[[], Sources],
    headers: Iterable[tuple[str, str]] = (),
) -> None:
    """Let the same request be answered with these bytes while `present()` returns their sources.

    Where there are identities, and for pages of other origins, each request is looked at.
    """
    settings, rule = runtime().settings, request.url_rule
    if settings.auth == "open" and not settings.cors_origins and rule is not None:
        answers = runtime().ready_answers
        answers.keep(request.environ, rule.rule, ready, present, headers)


def as_problem(problem: Any) -> dict[str, Any]:
    """Return a problem's file, line, severity, code, record and message."""
    names = ("file", "line", "severity", "code", "record_id", "message")
    return {name: getattr(problem, name) for name in names}


def answer_changed(key: str, record: Any, **more: Any) -> Response:
    """Answer `success: true` with the changed record and its revision (both additive)."""
    return jsonify({"success": True, **more, key: with_rev(record), "rev": record.rev})
