"""`config/rules.toml`: rules are switched off and tuned; what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import ConfigError
from orch_next.sensors.rules.config import DEFAULT, load_rules, parse_rules
from tests.sample import REPOSITORY


def test_a_missing_file_changes_nothing(tmp_path: Path) -> None:
    assert load_rules(tmp_path / "rules.toml") == DEFAULT


def test_a_rule_is_switched_off_and_tuned(tmp_path: Path) -> None:
    path = tmp_path / "規則.toml"
    path.write_text(
        'exclude = ["旧/*"]\nmost_files = 10\n'
        '[rules.eol]\nenabled = false\n[rules.secrets]\nentropy = 4\nseverity = "high"\n',
        encoding="utf-8",
    )
    found = load_rules(path)
    secrets = found.get("secrets")
    assert (found.exclude, found.most_files, found.get("eol").enabled) == (("旧/*",), 10, False)
    assert (secrets.tuning, secrets.severity) == ({"entropy": 4.0, "min_length": 16}, "high")
    assert found.get("backup") == DEFAULT.get("backup")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"rule": {}}, "unknown key: rule"),
        ({"rules": []}, "rules must be tables"),
        ({"rules": {"規則": {}}}, "unknown key: rules.規則"),
        ({"rules": {"eol": 1}}, "rules.eol must be a table"),
        ({"rules": {"eol": {"entropy": 1}}}, "unknown key: rules.eol.entropy"),
        ({"rules": {"eol": {"enabled": "no"}}}, "rules.eol.enabled must be true or false"),
        ({"rules": {"eol": {"extensions": ".md"}}}, "rules.eol.extensions must be a list"),
        ({"rules": {"eol": {"severity": "bad"}}}, "rules.eol.severity must be one of"),
        ({"rules": {"backup": {"max_age_days": -1}}}, "max_age_days must be a whole number"),
        ({"rules": {"secrets": {"entropy": True}}}, "entropy must be a number"),
        ({"most_files": 1.5}, "most_files must be a whole number"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_rules(data)


def test_the_shipped_file_has_every_key_and_only_defaults() -> None:
    path = REPOSITORY / "config" / "rules.toml"
    text = path.read_text(encoding="utf-8")
    assert load_rules(path) == DEFAULT
    for rule in DEFAULT.rules:
        wanted = [f"[rules.{rule.key}]", "#enabled = ", *(f"#{key} = " for key in rule.tuning)]
        part = text.partition(wanted[0])[2].partition("\n[")[0]
        assert [key for key in wanted[1:] if key not in part] == []
