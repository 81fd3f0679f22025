"""Answers as ready bytes: a GET is answered again, without a view, while nothing it shows changed.

They are given in the server's loop, behind the door and in front of the views' threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from orch_next.bounded import Bounded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_ANSWERS, MOST_BYTES = 256, 64 << 20

Key: TypeAlias = tuple[str, ...]
Headers: TypeAlias = list[tuple[str, str]]
Sources: TypeAlias = tuple[Any, ...]
# Takes environment, route and status; measures, logs, and returns the headers to add.
Observe: TypeAlias = Callable[["WSGIEnvironment", str, int], Headers]
# What makes an answer another one, or what only a view can answer.
_ASKS_MORE = (
    *("HTTP_ORIGIN", "HTTP_AUTHORIZATION", "HTTP_RANGE", "HTTP_CONTENT_ENCODING"),
    *("HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE"),
)


@dataclass(frozen=True)
class Ready:
    """The bytes of one answer, good as long as what they were made of is what is there."""

    sources: Sources
    body: bytes
    etag: str
    mime: str = "application/json"

    def headers(self) -> Headers:
        """Return what every answer with these bytes says of them."""
        return [("ETag", f'"{self.etag}"'), ("Cache-Control", "no-cache")]


@dataclass(frozen=True)
class _Answer:
    ready: Ready
    route: str
    headers: Headers
    present: Callable[[], Sources]

    def is_current(self) -> bool:
        return is_same(self.ready.sources, self.present())


def make_ready(sources: Sources, body: bytes, mime: str = "application/json") -> Ready:
    """Keep the bytes of an answer; the ETag is their hash, equal in every process."""
    return Ready(sources, body, hashlib.sha256(body).hexdigest()[:32], mime)


def is_same(kept: Sources, present: Sources) -> bool:
    """Tell whether all sources are what they were.

    Snapshots are immutable and replaced whole: for them identity is equality, and cheap.
    """
    return all(
        a is b or (isinstance(a, str) and a == b) for a, b in zip(kept, present, strict=True)
    )


def key_of(environ: WSGIEnvironment) -> Key | None:
    """Return what an answer depends on, None for a request that a view has to answer."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("QUERY_STRING"):
        return None
    if environ.get("CONTENT_LENGTH") not in (None, "", "0"):
        return None
    if any(name in environ for name in _ASKS_MORE):
        return None
    names = ("SCRIPT_NAME", "PATH_INFO", "HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE")
    return tuple(environ.get(name, "") for name in names)


class ReadyAnswers:
    """What views answered, by request; for requests that no identity makes."""

    def __init__(self) -> None:
        self._kept: Bounded[Key, _Answer] = Bounded(
            MOST_ANSWERS, most_size=MOST_BYTES, size=lambda _key, answer: len(answer.ready.body)
        )

    def keep(
        self,
        environ: WSGIEnvironment,
        route: str,
        ready: Ready,
        present: Callable[[], Sources],
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Answer the same request with these bytes while `present()` returns their sources.

        `present` is asked in the server's loop: it waits for nothing. `headers` are further ones.
        """
        key = key_of(environ)
        if key is not None:
            self._kept.put(key, _Answer(ready, route, list(headers), present))

    def find(self, environ: WSGIEnvironment) -> _Answer | None:
        """Return the present answer to a request, None where a view has to make it."""
        key = key_of(environ)
        answer = None if key is None else self._kept.get(key)
        return answer if answer is not None and answer.is_current() else None

    def around(self, views: WSGIApplication, observe: Observe) -> WSGIApplication:
        """Wrap the views: what is ready is answered without them."""

        def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            answer = self.find(environ)
            asked = "" if answer is None else environ.get("HTTP_IF_NONE_MATCH", "").strip()
            tag = "" if answer is None else f'"{answer.ready.etag}"'
            if answer is None or (asked and asked not in (tag, f"W/{tag}")):
                return views(environ, start)
            return _send(answer, environ, start, observe, unchanged=bool(asked))

        return serve


def _send(
    answer: _Answer,
    environ: WSGIEnvironment,
    start: StartResponse,
    observe: Observe,
    *,
    unchanged: bool,
) -> list[bytes]:
    ready = answer.ready
    added = observe(environ, answer.route, 304 if unchanged else 200)
    headers = [*ready.headers(), *answer.headers, *added]
    if unchanged:
        start("304 NOT MODIFIED", headers)
        return []
    size = str(len(ready.body))
    start("200 OK", [("Content-Type", ready.mime), ("Content-Length", size), *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [ready.body]
