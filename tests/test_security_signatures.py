"""Webhook signatures: the three forms, the clock, rotation, and whatever is none of them."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta, timezone

import pytest

from orch_next.security.signatures import TOLERANCE_SECONDS, is_signed, sign, stamped

NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
SECRET, OLD = "鍵-9f2c41d07be3", "previous-5521"
BODY = '{"job_id": "001", "artifact": "C:\\\\作業\\\\001.md"}'.encode()


def mac(body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def stamp(seconds: float = 0) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


def accepts(header: str, *secrets: str, body: bytes = BODY) -> bool:
    return is_signed(header, body, secrets or (SECRET, OLD), NOW)


@pytest.mark.parametrize(
    "header",
    [
        mac(),
        f"sha256={mac()}",
        f"t={stamp()},v1={mac()}",
        f"t={stamp()},v1={mac(stamped(stamp(), BODY))}",
        f"t={stamp(-TOLERANCE_SECONDS + 1)},v1={mac()}",
        f"t={stamp(TOLERANCE_SECONDS)},v1={mac()}",
        mac(secret=OLD),
        sign(OLD, BODY, NOW),
    ],
)
def test_the_three_forms_and_both_secrets_are_taken(header: str) -> None:
    assert accepts(header)


@pytest.mark.parametrize(
    "header",
    [
        *("", " ", mac().upper(), mac()[:-1], mac() + "0", f" {mac()}", f"{mac()}\n", f"{mac()},"),
        *(f"sha1={mac()}", f"sha256={mac()},sha256={mac()}", f"SHA256={mac()}", f"v1={mac()}"),
        *(f"t=,v1={mac()}", f"t=-5,v1={mac()}", f"t=1e9,v1={mac()}", f"t={stamp()}, v1={mac()}"),
        *(f"t={'9' * 13},v1={mac()}", f"t={'٣' * 10},v1={mac()}", "署名", "\xe9" * 64, "٣" * 64),
        f"t={stamp(-TOLERANCE_SECONDS - 1)},v1={mac()}",
        f"t={stamp(TOLERANCE_SECONDS + 1)},v1={mac()}",
        f"t={stamp()},v1={mac(stamped(stamp(1), BODY))}",
        mac(secret="another"),
        mac(BODY + b" "),
        mac(b""),
    ],
)
def test_anything_else_is_refused(header: str) -> None:
    assert not accepts(header)


@pytest.mark.parametrize("secrets", [("",), ("", ""), ()])
def test_without_a_secret_nothing_is_signed(secrets: tuple[str, ...]) -> None:
    empty = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert [is_signed(given, BODY, secrets, NOW) for given in (mac(), empty)] == [False, False]


def test_our_own_signature_covers_its_time() -> None:
    signed = sign(SECRET, BODY, NOW)
    assert signed == f"t={stamp()},v1={mac(stamped(stamp(), BODY))}"
    assert not accepts(signed.replace(stamp(), stamp(1)))
    assert not is_signed(signed, BODY, (SECRET,), NOW + timedelta(seconds=TOLERANCE_SECONDS + 1))
