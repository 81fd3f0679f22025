"""Requests that may be sent again after a lost answer: one effect and one answer for each key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from orch_next.blueprints.context import runtime
from orch_next.blueprints.permits import own_key
from orch_next.core.claims import Claim, Claims
from orch_next.core.events import hash_payload
from orch_next.errors import OrchError


def answer_once(scope: str, payload: Any, effect: Callable[[], Response]) -> Response:
    """Have the effect, or give the answer of the same request before; without a key just do it.

    Raise ConflictError when the key was another payload's.
    """
    key = own_key()
    if key is None:
        return effect()
    claim = Claim(scope, key, hash_payload({"payload": payload}))
    claims = Claims(runtime().board.journal.database, now=runtime().now)
    known = claims.claim(claim)
    if known.answer is None:
        try:
            response = effect()
        except OrchError:
            known = claims.claim(claim)  # the first request may have got through meanwhile
            if known.answer is None:
                raise
        else:
            claims.answer(claim, response.get_json())
            return response
    return jsonify(known.answer)
