"""Test tool: signed callbacks, ten thousand ways to spoil them, and the checker for them."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient

from orch_next.security.signatures import sign

URL = "/callbacks/terminal"
SECRET = "鍵-9f2c41d07be3"
BODY = '{"job_id": "002", "status": "READY", "message": "C:\\\\作業 | 済み"}'.encode()
ALPHABET = "0123456789abcdefABCDEF=,;:.-_ghtv\xe9\xff\x7f"


@dataclass(frozen=True)
class Sent:
    """One delivery, as the test client takes it."""

    body: bytes
    headers: dict[str, str]


def mac(body: bytes = BODY, secret: str = SECRET) -> str:
    """Return the plain signature: lower-case hex HMAC-SHA256 of the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def deliver(client: FlaskClient, body: bytes = BODY, key: str = "k-1", **headers: str) -> Any:
    """Post a delivery, signed plainly unless `headers` says otherwise."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given = given or {"X-Signature": mac(body)}
    return client.post(URL, data=body, headers={"Idempotency-Key": key, **given})


def spoil(count: int, seed: int, now: datetime) -> Iterator[Sent]:
    """Yield deliveries of which each was good before one thing about it was changed."""
    chance = random.Random(seed)
    for number in range(count):
        forms = (mac(), f"sha256={mac()}", sign(SECRET, BODY, now))
        name = chance.choice(("X-Signature", "X-Hub-Signature-256"))
        body, header = BODY, str(chance.choice(forms))
        change = chance.choice((_text, _text, _text, _bytes, _other))
        if change is _bytes:
            body = _bytes(chance, body)
        elif change is _text:
            header = _text(chance, header)
        else:
            name, header = _other(chance, name, header)
        assert header not in _good(body, name, forms)
        yield Sent(body, {"Idempotency-Key": f"k-{number}", name: header})


def _good(body: bytes, name: str, forms: tuple[str, ...]) -> tuple[str, ...]:
    known = name in ("X-Signature", "X-Hub-Signature-256")
    return forms if body == BODY and known else ()


def _text(chance: random.Random, header: str) -> str:
    """Change, drop, add or repeat characters of a header."""
    place, drawn = chance.randrange(len(header)), chance.choice(ALPHABET)
    spoilt = chance.choice(
        (
            header[:place] + drawn + header[place + 1 :],
            header[:place] + header[place + 1 :],
            header[:place] + drawn + header[place:],
            header[:place],
            header.upper(),
            header + "," + header,
            header[::-1],
            drawn * len(header),
        )
    )
    return spoilt if spoilt != header else header + "0"


def _bytes(chance: random.Random, body: bytes) -> bytes:
    """Change, drop or add bytes of a body."""
    place = chance.randrange(len(body))
    other = bytes([(body[place] + chance.randrange(1, 256)) % 256])
    return chance.choice(
        (
            body[:place] + other + body[place + 1 :],
            body[:place] + body[place + 1 :],
            body[:place] + other + body[place:],
            body[:place],
            body + b"\n",
            b"[" + body + b"]",
            b"",
        )
    )


def _other(chance: random.Random, name: str, header: str) -> tuple[str, str]:
    """Name another header, or sign with another key, hash or time."""
    sha1 = hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()
    return chance.choice(
        (
            ("X-Signature-256", header),
            ("Authorization", f"Bearer {header}"),
            (name, mac(secret="")),
            (name, mac(secret=SECRET[:-1])),
            (name, mac(b"")),
            (name, f"sha1={sha1}"),
            (name, f"t={chance.randrange(10**9)},v1={mac()}"),
            (name, hashlib.sha256(BODY).hexdigest()),
        )
    )


def find_faults(client: FlaskClient, deliveries: Iterator[Sent]) -> list[str]:
    """Return a line per delivery that was accepted or answered with a 5xx."""
    faults = []
    for sent in deliveries:
        headers = {name: value.encode("latin-1", "replace") for name, value in sent.headers.items()}
        decoded = {name: value.decode("latin-1") for name, value in headers.items()}
        status = client.post(URL, data=sent.body, headers=decoded).status_code
        if status < 400 or status >= 500:
            faults.append(f"{status} for {sent!r:.200}")
    return faults
