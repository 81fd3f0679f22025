"""The rules' routes: real findings under the contract's keys (D32)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient


def test_a_breach_has_its_file_and_line(client: FlaskClient, orch_root: Path) -> None:
    (orch_root.parent / "報告.md").write_bytes("一\n二\r\n".encode())
    answer = client.get("/api/rules/violations").json
    assert answer
    found = [one for one in answer["violations"] if one["file"] == "報告.md"]
    told = {key: found[0][key] for key in ("rule_id", "rule_name", "line", "severity", "status")}
    assert told == {
        "rule_id": "rule_001",
        "rule_name": "EOL Rule",
        "line": 2,
        "severity": "high",
        "status": "open",
    }
    summary = answer["summary"]
    assert (summary["open_violations"], summary["high_count"] > 0) == (
        len(answer["violations"]),
        True,
    )


def test_the_statistics_agree_with_the_breaches(client: FlaskClient) -> None:
    rules = client.get("/api/rules").json
    violations = client.get("/api/rules/violations").json
    assert rules and violations
    assert sum(rule["violations"] for rule in rules["rules"]) == len(violations["violations"])
    assert rules["statistics"]["total_violations"] == len(violations["violations"])
    assert [rule["id"] for rule in rules["rules"]] == [f"rule_00{n}" for n in range(1, 9)]


def test_resolved_breaches_stay_in_the_history(
    app: Flask, client: FlaskClient, orch_root: Path
) -> None:
    path = orch_root.parent / "報告.md"
    path.write_bytes(b"1\r\n")
    client.get("/api/rules")
    path.unlink()
    app.extensions["orch_next"].inspector.look()
    resolved = client.get("/api/rules/violations?status=resolved").json
    assert resolved and [one["file"] for one in resolved["violations"]] == ["報告.md"]
    assert resolved["violations"][0]["resolved_at"] is not None
    assert resolved["summary"]["resolved_violations"] == 1


def test_a_rule_that_is_off_is_inactive(make_app: Callable[..., Flask], orch_root: Path) -> None:
    config = orch_root.parent / "config" / "rules.toml"
    config.parent.mkdir()
    config.write_text("[rules.eol]\nenabled = false\n", encoding="utf-8")
    rules = make_app().test_client().get("/api/rules").json
    assert rules and rules["rules"][0]["status"] == "inactive"
    assert rules["statistics"]["inactive_rules"] == 1


@pytest.mark.parametrize("query", ["status=closed", "status="])
def test_an_unknown_status_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/rules/violations?{query}").status_code == 400
