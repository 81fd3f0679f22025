"""CORS answers for configured origins, as the legacy gave them (contract 0.1, D52)."""

from __future__ import annotations

import re

from flask import Flask
from flask_cors import CORS

from orch_next.config import Settings

METHODS = ["DELETE", "GET", "OPTIONS", "POST", "PUT"]
HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "Last-Event-ID",
    "X-Request-ID",
    "X-Signature",
]


def answer_cors(app: Flask, settings: Settings) -> None:
    """Let flask-cors answer for the configured origins; without any, no CORS header is sent."""
    if settings.cors_origins:
        CORS(app, origins=_origins(settings), methods=METHODS, allow_headers=HEADERS)


def _origins(settings: Settings) -> str | list[re.Pattern[str]]:
    if "*" in settings.cors_origins:
        return "*"
    return [_pattern(entry) for entry in settings.cors_origins]


def _pattern(entry: str) -> re.Pattern[str]:
    # flask-cors takes `[::1]` for a regular expression, sends Vary for patterns only, and
    # answers a request without Origin with every configured origin that is no pattern.
    return re.compile(re.escape(entry.removesuffix("/")) + r"\Z", re.IGNORECASE)
