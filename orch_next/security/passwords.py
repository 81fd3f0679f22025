"""Passwords of identities: salted scrypt, compared in constant time (D47)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from orch_next.errors import InputError

SHORTEST, LONGEST = 12, 1_000
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1
# Checked for a name that does not exist, so that the answer takes as long.
NOBODY = "scrypt$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "="


def hash_password(password: str) -> str:
    """Return `scrypt$<salt>$<hash>`; raise `InputError` for a weak password."""
    check_strength(password)
    salt = secrets.token_bytes(16)
    return f"scrypt${_text(salt)}${_text(_derive(password, salt))}"


def fits(password: str, stored: str) -> bool:
    """Tell whether a password is the stored one; takes some 50 ms, outside Python's lock."""
    _, salt, derived = stored.split("$")
    wanted = base64.b64decode(derived)
    return hmac.compare_digest(_derive(password[:LONGEST], base64.b64decode(salt)), wanted)


def check_strength(password: str) -> None:
    """Raise `InputError` for one that is too short, too long or of few characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters")
    if len(set(password)) < 6:
        raise InputError("a password has at least 6 different characters")


def _derive(password: str, salt: bytes) -> bytes:
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
