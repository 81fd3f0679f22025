"""The webhook in: a terminal reports on its job (contract 1.2, Webhook; D23)."""

from __future__ import annotations

import hashlib

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import idempotency_key, parse_object
from orch_next.blueprints.permits import permit_callback, refuse_verdict
from orch_next.core.events import Change
from orch_next.core.terminal import Terminal, read_callback
from orch_next.security import is_signed
from orch_next.security.requests import door_failures
from orch_next.security.signatures import HEADERS

bp = Blueprint("callbacks", __name__)


@bp.post("/callbacks/terminal")
def take_terminal() -> ResponseReturnValue:
    """Check the signature, then for a duplicate, then have the effect; 202 for both."""
    key = idempotency_key()
    if key is None:
        return jsonify(error="Idempotency-Key header required"), 400
    body = request.get_data()
    if not has_signature(body):
        return refuse_signature()
    sha256 = hashlib.sha256(body).hexdigest()
    accepted = runtime().deliveries.accept(key, sha256, lambda: _have_effect(body, sha256))
    if accepted.duplicate:
        return jsonify(status="duplicate", payload_sha256=accepted.payload_sha256), 202
    return jsonify(accepted=True, payload_sha256=accepted.payload_sha256), 202


def refuse_signature() -> ResponseReturnValue:
    """Count and record it; answer 401, or 429 to an address that goes on."""
    address = request.remote_addr or ""
    wait = door_failures(current_app).note("signature_refused", address, "", "callback")
    if wait:
        return jsonify(error="too many failures"), 429, {"Retry-After": str(wait)}
    return jsonify(error="invalid signature"), 401


def has_signature(body: bytes) -> bool:
    """Tell whether the first signature header that is there signs the raw body."""
    settings, headers = runtime().settings, request.headers
    header = next((headers[name] for name in HEADERS if name in headers), "")
    secrets = (settings.webhook_secret, settings.webhook_secret_previous)
    return is_signed(header, body, secrets, runtime().now())


def _have_effect(body: bytes, sha256: str) -> Change:
    callback = read_callback(parse_object(body).members)
    refuse_verdict(callback.wanted)
    parts = runtime()
    terminal = Terminal(parts.board.state, parts.board.tasks, now=parts.now, permit=permit_callback)
    return terminal.apply(callback, sha256, parts.reports)
