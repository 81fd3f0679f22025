"""The mapping tables of docs/migration-config.md say what the code does, in both languages."""

from __future__ import annotations

import re

import pytest

from orch_next.config import SECRETS
from orch_next.migrate.settings.environment import NAMES
from orch_next.migrate.settings.reasons import REASONS, reason_for
from orch_next.migrate.settings.rules import RULES
from orch_next.migrate.settings.safety import Doubt
from orch_next.migrate.settings.secrets import SECRET_SETTINGS
from tests.sample import REPOSITORY

PAGES = ("migration-config.md", "migration-config.ja.md")


def read(name: str) -> str:
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_mapped_key_is_documented(name: str) -> None:
    rows = {
        tuple(row) for row in re.findall(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \|", read(name), re.M)
    }
    wanted = {
        (file, key, rule.setting) for file, rules in RULES.items() for key, rule in rules.items()
    }
    assert rows == wanted


@pytest.mark.parametrize("name", PAGES)
def test_every_section_names_the_reason_that_the_code_gives(name: str) -> None:
    rows = re.findall(
        r"^\| `([^`]+\.(?:json|py))` \| (?:`([^`]+)`|[^|`]+) \| ([a-z]+) \|$", read(name), re.M
    )
    assert len(rows) > 30
    assert [row for row in rows if row[2] != reason_for(row[0], row[1] or "?")] == []


@pytest.mark.parametrize(("name", "language"), list(zip(PAGES, (0, 1), strict=True)))
def test_every_reason_and_code_is_explained(name: str, language: int) -> None:
    page = read(name)
    missing = [one for one, told in REASONS.items() if f"| {one} | {told[language]} |" not in page]
    assert missing + [one.value for one in Doubt if f"`{one.value}`" not in page] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_old_variable_is_listed(name: str) -> None:
    page = read(name)
    old = [one for one, new in NAMES.items() if one != f"ORCH_{new.setting.upper()}"]
    assert [one for one in old if f"`{one}`" not in page] == []


def test_the_program_reads_the_secrets_that_are_written() -> None:
    assert set(SECRETS) == set(SECRET_SETTINGS)
