"""Tokens of a login: an HS256 JWT that names an identity for some hours (contract 1.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt

_ISSUER, _AUDIENCE = "orch-next", "session"


@dataclass(frozen=True)
class SessionTokens:
    """Issues and reads the tokens of one key; `now` is aware UTC."""

    key: bytes = field(repr=False)
    now: Callable[[], datetime]
    lifetime: timedelta

    def issue(self, identity_id: str, generation: int = 0) -> str:
        """Return a token of the identity's sessions, good until it or the generation ends."""
        at = self.now()
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": identity_id,
            "gen": generation,
            "iat": at,
            "exp": at + self.lifetime,
        }
        return jwt.encode(claims, self.key, algorithm="HS256")

    def read(self, token: str) -> tuple[str, int] | None:
        """Return id and generation, None for a token that is not ours or has expired."""
        try:
            claims = jwt.decode(
                token,
                self.key,
                algorithms=["HS256"],
                issuer=_ISSUER,
                audience=_AUDIENCE,
                # PyJWT would ask the system's clock.
                options={"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            return None
        ends, name, generation = claims["exp"], claims["sub"], claims.get("gen", 0)
        is_alive = isinstance(ends, int) and ends > self.now().timestamp()
        is_known = isinstance(name, str) and type(generation) is int
        return (name, generation) if is_alive and is_known else None
