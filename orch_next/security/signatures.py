"""Signatures of webhooks: HMAC-SHA256 in three known forms (contract 1.2 and 5.3)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from datetime import datetime

TOLERANCE_SECONDS = 300
HEADERS = ("X-Signature", "X-Hub-Signature-256")
_PLAIN = re.compile(r"(?:sha256=)?([0-9a-f]{64})")
_STAMPED = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, now: datetime) -> str:
    """Return `t=<unix>,v1=<hex>` over `<unix>.<body>`, so that the time is signed too."""
    stamp = str(int(now.timestamp()))
    return f"t={stamp},v1={_mac(secret, stamped(stamp, body)).hex()}"


def is_signed(header: str, body: bytes, secrets: Iterable[str], now: datetime) -> bool:
    """Tell whether a header signs the raw body with one of the secrets; never raises.

    Forms: 64 lower-case hex characters, `sha256=<hex>`, or `t=<unix>,v1=<hex>` at most 300 s
    from `now`. Empty secrets sign nothing: without a secret the door is closed.
    """
    plain, timed = _PLAIN.fullmatch(header), _STAMPED.fullmatch(header)
    if plain:
        return _fits(plain[1], (body,), secrets)
    if timed and abs(now.timestamp() - int(timed[1])) <= TOLERANCE_SECONDS:
        # The raw body alone is signed by senders of the legacy; whoever could replay that could as
        # well send it without `t=`. Our own senders sign the time with it.
        return _fits(timed[2], (stamped(timed[1], body), body), secrets)
    return False


def stamped(stamp: str, body: bytes) -> bytes:
    """Return what a `t=,v1=` signature is made over."""
    return stamp.encode() + b"." + body


def _fits(given: str, messages: Iterable[bytes], secrets: Iterable[str]) -> bool:
    mac = bytes.fromhex(given)
    messages = tuple(messages)
    pairs = [(secret, message) for secret in secrets if secret for message in messages]
    return any([hmac.compare_digest(mac, _mac(*pair)) for pair in pairs])


def _mac(secret: str, message: bytes) -> bytes:
    return hmac.digest(secret.encode("utf-8", "surrogateescape"), message, "sha256")
