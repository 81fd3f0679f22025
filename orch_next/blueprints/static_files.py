"""Static text files go out compressed; each is compressed once per change."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

# Below this a header costs more than the compression saves.
SMALLEST = 1024
COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")
LEVEL = 9


def install(app: Flask) -> None:
    """Compress one application's static files for those who take gzip."""
    # path -> ETag of the plain file, compressed bytes; single reads and writes need no lock
    packed: dict[str, tuple[str, bytes]] = {}

    def compress(response: Response) -> Response:
        if request.endpoint != "static" or not _is_worth_it(response):
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] <= 0:
            return response
        etag = response.get_etag()[0] or ""
        known, data = packed.get(request.path, ("", b""))
        response.direct_passthrough = False
        if known != etag or not data:
            data = gzip.compress(response.get_data(), LEVEL, mtime=0)
            packed[request.path] = (etag, data)
        _close_file(response)
        response.set_data(data)
        response.content_encoding = "gzip"
        # Weak: the same content in other bytes; `If-None-Match` compares weakly.
        response.set_etag(etag, weak=True)
        return response

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
