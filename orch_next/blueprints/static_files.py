"""Static text files go out compressed; each is compressed once per change."""

from __future__ import annotations

import gzip
import posixpath

from flask import Flask, Response, request

from orch_next.bounded import Bounded

# Below this a header costs more than the compression saves.
SMALLEST = 1024
COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")
LEVEL = 9
MOST_FILES, MOST_BYTES = 512, 16 << 20


def install(app: Flask) -> None:
    """Compress one application's static files for those who take gzip."""
    # by what was found, not by what was asked for: a file has many names
    packed: Bounded[tuple[str, str], bytes] = Bounded(
        MOST_FILES, most_size=MOST_BYTES, size=lambda _key, data: len(data)
    )

    def compress(response: Response) -> Response:
        if request.endpoint != "static" or not _is_worth_it(response):
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] <= 0:
            return response
        etag = response.get_etag()[0] or ""
        response.direct_passthrough = False
        key = (posixpath.normpath(str((request.view_args or {}).get("filename"))), etag)
        data = packed.get(key)
        if data is None:
            data = gzip.compress(response.get_data(), LEVEL, mtime=0)
            packed.put(key, data)
        _close_file(response)
        response.set_data(data)
        response.content_encoding = "gzip"
        # Weak: the same content in other bytes; `If-None-Match` compares weakly.
        response.set_etag(etag, weak=True)
        return response

    app.extensions["orch_next_static"] = packed
    app.after_request(compress)


def _close_file(response: Response) -> None:
    """Close the file behind a response whose content is replaced: nobody else does so."""
    close = getattr(response.response, "close", None)
    if close is not None:
        close()


def _is_worth_it(response: Response) -> bool:
    return (
        response.status_code == 200
        and (response.mimetype or "").startswith(COMPRESSIBLE)
        and (response.content_length or 0) >= SMALLEST
    )
