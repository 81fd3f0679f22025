"""How many changes an identity may ask for in a minute."""

from __future__ import annotations

from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue

from orch_next.security.actions import READING_METHODS
from orch_next.security.windows import Windows


def limit_writes(app: Flask, limit: int, windows: Windows | None = None) -> None:
    """Answer 429 to an identity that writes too often; call it behind `guard_requests`."""
    if limit == 0:
        return
    counts = windows or Windows(limit)

    @app.before_request
    def count() -> ResponseReturnValue | None:
        identity = g.get("identity")
        if identity is None or request.method in READING_METHODS:
            return None
        wait = counts.admit(identity.id)
        if not wait:
            return None
        answer = jsonify(success=False, error="rate_limit_exceeded", limit=limit)
        return answer, 429, {"Retry-After": str(wait)}
