"""Passwords and the tokens of a login: weak ones refused, forged and old ones worthless."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import jwt
import pytest

from orch_next.errors import InputError
from orch_next.security.identities import Identities
from orch_next.security.passwords import NOBODY, fits, hash_password
from orch_next.security.session_tokens import SessionTokens

GOOD = "正しい馬の電池ホッチキス42"
KEY = b"k" * 32
NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def tokens(key: bytes = KEY, clock: Clock | None = None) -> SessionTokens:
    return SessionTokens(key, clock or Clock(), timedelta(hours=12))


def test_a_password_fits_only_itself() -> None:
    stored = hash_password(GOOD)
    assert [fits(one, stored) for one in (GOOD, GOOD + "x", "", GOOD[:-1])] == [True] + [False] * 3
    assert (GOOD in stored, stored != hash_password(GOOD), fits(GOOD, NOBODY)) == (
        False,
        True,
        False,
    )


@pytest.mark.parametrize("weak", ["", "短い", "a" * 12, "abcabcabcabc", "x1" * 600])
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(InputError):
        hash_password(weak)


def test_a_token_ends_after_its_hours() -> None:
    clock = Clock()
    session = tokens(clock=clock)
    token = session.issue("0123456789ab")
    found = [session.read(token)]
    clock.at += timedelta(hours=12)
    assert [*found, session.read(token)] == [("0123456789ab", 0), None]


def forged(**changes: object) -> str:
    claims = {"iss": "orch-next", "aud": "session", "sub": "x", "exp": 9_999_999_999, **changes}
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, KEY, algorithm="HS256")


def test_a_forged_token_is_nobodys() -> None:
    head, body, sign = tokens().issue("x").split(".")
    none = jwt.encode({"sub": "x", "exp": 9_999_999_999}, "", algorithm="none")
    wrong = [
        tokens(b"other" * 8).issue("x"),
        f"{head}.{body}.{sign[::-1]}",
        none,
        forged(aud="agents"),
        forged(iss="someone"),
        forged(exp=None),
        forged(sub=None),
        "a.b.c",
        "..",
    ]
    assert [tokens().read(one) for one in wrong] == [None] * len(wrong)
    assert tokens().read(forged()) == ("x", 0)


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    return Identities(f"sqlite:///{tmp_path / 'orch.db'}", sessions=tokens())


def test_who_logs_in(identities: Identities) -> None:
    tanaka, token = identities.add_with_password("田中", "AUDIT", GOOD)
    other = identities.add("鈴木", "WORK")[1]
    found = [
        identities.find_by_password(*pair)
        for pair in (
            *(("田中", GOOD), ("田中", token), ("田中", other), ("田中", "違う"), ("鈴木", GOOD)),
            *(("誰か", GOOD), ("", "")),
        )
    ]
    assert found == [tanaka, tanaka, None, None, None, None, None]


def test_a_removed_identity_has_no_session_and_no_password(identities: Identities) -> None:
    identity, _ = identities.add_with_password("田中", "CMD", GOOD)
    assert identities.sessions
    session = identities.sessions.issue(identity.id)
    before = identities.find_by_token(session)
    identities.remove("田中")
    identities.add("田中", "viewer")
    after = [identities.find_by_token(session), identities.find_by_password("田中", GOOD)]
    assert (before, after) == (identity, [None, None])


def test_a_weak_password_stores_nobody(identities: Identities) -> None:
    with pytest.raises(InputError):
        identities.add_with_password("田中", "CMD", "短い")
    assert identities.list_all() == []
