"""The agents' registry in either known form, and the audit report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orch_next.sensors.agents import AgentReadings, read_agents

AGENTS = [{"id": "AG-AUDIT", "status": "active", "heartbeat_at": "2025-10-09T12:00:00.000001"}]


def write(root: Path, text: str) -> None:
    path = root / "data" / "agents_registry.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("form", [AGENTS, {"agents": AGENTS}])
def test_both_forms_are_read(tmp_path: Path, form: object) -> None:
    write(tmp_path, json.dumps(form))
    expected = AgentReadings({"active": 1}, ("2025-10-09T12:00:00.000001",))
    assert read_agents(tmp_path) == expected


@pytest.mark.parametrize("text", ["", "[1, null]", '"監査"', "{", '{"agents": 5}'])
def test_an_odd_file_counts_as_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert read_agents(tmp_path) == AgentReadings()


def test_the_audit_report_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "ORCH" / "REPORTS" / "AGENTS_API_AUDIT.md"
    report.parent.mkdir(parents=True)
    report.write_text("- list: PASS\n- register: PASS\n- report: FAIL 監査\n", encoding="utf-8")
    found = read_agents(tmp_path)
    assert (found.audit_passes, found.audit_failures, found.audit_ok) == (2, 1, False)
    assert found.audit_epoch == report.stat().st_mtime
