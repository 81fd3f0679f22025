"""What the agents' registry file and the audit report say, for the metrics (contract 1.2, D39)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_next.regular import MOST_RECORDS, read_regular

REGISTRY = Path("data") / "agents_registry.json"
AUDIT_REPORT = Path("ORCH") / "REPORTS" / "AGENTS_API_AUDIT.md"


@dataclass(frozen=True)
class AgentReadings:
    """Counts by status, heartbeats as written, and the last audit's PASS and FAIL lines."""

    statuses: Mapping[str, int] = field(default_factory=dict)
    heartbeats: tuple[str, ...] = ()
    audit_passes: int = 0
    audit_failures: int = 0
    audit_epoch: float = 0.0

    @property
    def audit_ok(self) -> bool:
        """Tell whether the last audit ran and had no FAIL."""
        return self.audit_epoch > 0 and self.audit_failures == 0


def read_agents(moc_root: Path, registry: Path = REGISTRY) -> AgentReadings:
    """Read both files; what is missing or unreadable counts as nothing."""
    agents = _agents(moc_root / registry)
    statuses = Counter(str(agent.get("status", "unknown")) for agent in agents)
    beats = (agent.get("heartbeat_at") or agent.get("last_seen") for agent in agents)
    heartbeats = tuple(beat for beat in beats if isinstance(beat, str))
    report = moc_root / AUDIT_REPORT
    try:
        text = read_regular(report, MOST_RECORDS).decode("utf-8", "replace")
        epoch = report.stat().st_mtime
    except OSError:
        return AgentReadings(statuses, heartbeats)
    return AgentReadings(statuses, heartbeats, text.count("PASS"), text.count("FAIL"), epoch)


def _agents(path: Path) -> list[dict[str, Any]]:
    """Return the agents of either known form, a bare array or `{"agents": [...]}`."""
    try:
        found = json.loads(read_regular(path, MOST_RECORDS))
    except (OSError, ValueError):
        return []
    rows = found.get("agents", []) if isinstance(found, dict) else found
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
