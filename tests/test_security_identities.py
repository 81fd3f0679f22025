"""The table of identities: tokens shown once, hashed, revoked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.errors import BusyError, ConfigError, InputError, NotFoundError
from orch_next.security.identities import AWAY_SECONDS, FRESH_SECONDS, Identities, Identity


def noon() -> datetime:
    return datetime(2025, 10, 9, 12, 0, tzinfo=timezone.utc)


def open_table(folder: Path, clock: Callable[[], float] = lambda: 0.0) -> Identities:
    path = folder / "データ" / "orch.db"
    return Identities(f"sqlite:///{path}", now=noon, clock=clock)


def test_a_token_leads_back_to_its_identity(tmp_path: Path) -> None:
    table = open_table(tmp_path)
    added, token = table.add(" 田中 太郎 ", "CMD")
    assert (added, table.find_by_token(token), table.find(added.id), table.list_all()) == (
        Identity(
            id=token.split("_")[1], name="田中 太郎", role="CMD", created_at="2025-10-09T12:00:00Z"
        ),
        added,
        added,
        [added],
    )


def test_the_database_holds_no_token(tmp_path: Path) -> None:
    _identity, token = open_table(tmp_path).add("田中", "CMD")
    data = (tmp_path / "データ" / "orch.db").read_bytes()
    assert token.split("_", 2)[2].encode() not in data


def wrong_tokens(token: str, other: str) -> list[str]:
    prefix, own_id, secret = token.split("_", 2)
    flipped = ("A" if secret[-1] != "A" else "B") + secret[1:]
    return [
        *("", "orch_", own_id, secret, token[:-1], token + "x", token.upper(), f" {token}"),
        f"{prefix}_{own_id}_{flipped if flipped != secret else secret[::-1]}",
        f"{prefix}_{own_id}_{other.split('_', 2)[2]}",
        f"{prefix}_{'0' * 12}_{secret}",
        f"{prefix}_{own_id}_{'日' * 43}",
        token.replace("orch", "ｏｒｃｈ"),
    ]


def test_any_other_text_is_nobody(tmp_path: Path) -> None:
    table = open_table(tmp_path)
    tokens = [table.add(name, "WORK")[1] for name in ("WORK_AI_01", "WORK_AI_02")]
    found = [table.find_by_token(wrong) for wrong in wrong_tokens(*tokens)]
    assert found == [None] * len(found)


def test_a_removed_identity_is_gone_at_once(tmp_path: Path) -> None:
    table = open_table(tmp_path)
    added, token = table.add("監査", "AUDIT")
    table.find_by_token(token)
    assert (table.remove("監査"), table.find_by_token(token), table.find(added.id)) == (
        added,
        None,
        None,
    )


def test_another_process_notices_a_removal_soon(tmp_path: Path) -> None:
    seconds = [0.0]
    table, elsewhere = open_table(tmp_path, lambda: seconds[0]), open_table(tmp_path)
    added, token = table.add("監査", "AUDIT")
    table.find_by_token(token)
    elsewhere.remove("監査")
    found = []
    for seconds[0] in (FRESH_SECONDS / 2, FRESH_SECONDS):
        found.append(table.find_by_token(token))
    assert found == [added, None]


def test_removing_nobody_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no identity named '誰か'"):
        open_table(tmp_path).remove("誰か")


@pytest.mark.parametrize("twin", ["CMD", "cmd", "ＣＭＤ", " CMD "])
def test_names_that_look_alike_are_one(tmp_path: Path, twin: str) -> None:
    table = open_table(tmp_path)
    table.add("CMD", "CMD")
    with pytest.raises(InputError, match="already an identity named"):
        table.add(twin, "AUDIT")
    assert len(table.list_all()) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 65, "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="1 to 64 printable characters"):
        open_table(tmp_path).add(name, "CMD")


@pytest.mark.parametrize("role", ["", "cmd", "admin", "VIEWER", "-"])
def test_an_unknown_role_is_refused(tmp_path: Path, role: str) -> None:
    with pytest.raises(InputError, match="role must be one of CMD, WORK, AUDIT, viewer"):
        open_table(tmp_path).add("田中", role)


def test_the_stored_hash_alone_opens_nothing(tmp_path: Path) -> None:
    table = open_table(tmp_path)
    added, _token = table.add("田中", "CMD")
    with closing(sqlite3.connect(tmp_path / "データ" / "orch.db")) as database:
        stored = database.execute("select token_sha256 from identities").fetchone()[0]
    tries = [stored, f"orch_{added.id}_{stored}", f"orch_{added.id}_{stored[:43]}"]
    assert [table.find_by_token(text) for text in tries] == [None, None, None]


@pytest.mark.parametrize("url", ["nonsense", "nosuchdb://x", "sqlite:///{folder}/file/x.db"])
def test_a_database_that_cannot_be_is_a_bad_setting(tmp_path: Path, url: str) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"the identities cannot be read|database URL"):
        Identities(url.format(folder=tmp_path))


def test_a_database_that_is_locked_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "orch.db"
    table = Identities(f"sqlite:///{path}?timeout=0.05")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(BusyError, match="database cannot be used"):
            table.add("田中", "CMD")
    assert table.list_all() == []


def test_two_that_open_the_same_database_share_it(tmp_path: Path) -> None:
    tables = [open_table(tmp_path) for _ in range(2)]
    added, token = tables[0].add("田中", "CMD")
    assert tables[1].find_by_token(token) == added


def break_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE identities RENAME TO elsewhere")


def test_who_is_known_may_read_while_the_database_is_away(tmp_path: Path) -> None:
    path, now = tmp_path / "orch-next.db", [1000.0]
    table = Identities(f"sqlite:///{path}", clock=lambda: now[0])
    (known, token), (_, unseen) = table.add("田中", "CMD"), table.add("佐藤", "WORK")
    assert table.find_by_token(token) == known
    break_table(path)
    now[0] += AWAY_SECONDS - 1
    assert (table.find_by_token(token, reads=True), table.find(known.id, reads=True)) == (
        known,
        known,
    )
    for asked, reads in ((token, False), (unseen, True)):
        with pytest.raises(BusyError):
            table.find_by_token(asked, reads=reads)
    now[0] += 2
    with pytest.raises(BusyError):
        table.find_by_token(token, reads=True)
