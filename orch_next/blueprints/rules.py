"""Rules and their breaches, as the background found them (contract 1.2, Rules; D32)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, jsonify, request

from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import whole_number
from orch_next.clock import as_local_iso
from orch_next.errors import InputError
from orch_next.sensors.rules.config import SEVERITIES, Rule
from orch_next.sensors.rules.inspector import Shown
from orch_next.sensors.rules.store import Violation

bp = Blueprint("rules", __name__)

STATUSES = ("open", "resolved", "all")
MOST = 10_000


@bp.get("/api/rules")
def list_rules() -> Response:
    """Return every rule, how often it is broken, and when it was checked."""
    inspector = runtime().inspector
    rules, shown = inspector.config.rules, inspector.shown()
    counts = Counter(one.rule_id for one in shown.violations)
    rows = [as_rule(rule, counts[rule.id], shown) for rule in rules]
    active = sum(row["status"] == "active" for row in rows)
    return jsonify(
        rules=rows,
        statistics={
            "total_rules": len(rows),
            "active_rules": active,
            "inactive_rules": len(rows) - active,
            "total_violations": len(shown.violations),
            **{f"{grade}_violations": count for grade, count in grades(shown.violations)},
        },
    )


@bp.get("/api/rules/violations")
def list_violations() -> Response:
    """Return the open breaches; `status` `resolved` or `all` shows those that are over."""
    status, most = request.args.get("status", "open"), whole_number("limit", 1_000, 1, MOST)
    if status not in STATUSES:
        raise InputError(f"status must be one of {', '.join(STATUSES)}")
    inspector = runtime().inspector
    shown = inspector.shown()
    found = [] if status == "resolved" else list(shown.violations)
    if status != "open":
        found += inspector.resolved(most)
    return jsonify(
        violations=[as_violation(one) for one in found[:most]],
        summary={
            "total_violations": len(shown.violations) + shown.resolved,
            "open_violations": len(shown.violations),
            "resolved_violations": shown.resolved,
            **{f"{grade}_count": count for grade, count in grades(shown.violations)},
        },
    )


def as_rule(rule: Rule, violations: int, shown: Shown) -> dict[str, Any]:
    """Return the Rule of contract 0.2; one that cannot be checked is inactive and says why."""
    check = (shown.checks or {}).get(rule.id)
    problem = check.problem if check else ""
    return {
        "id": rule.id,
        "name": rule.name,
        "category": rule.category,
        "status": "active" if rule.enabled and not problem else "inactive",
        "severity": rule.severity,
        "description": rule.description,
        "violations": violations,
        "last_check": as_local_iso(check.checked_at) if check else None,
        "key": rule.key,
        "problem": problem or None,
    }


def as_violation(one: Violation) -> dict[str, Any]:
    """Return the Violation of contract 0.2."""
    rule = rule_of(one)
    return {
        "id": f"violation_{one.number:03d}",
        "rule_id": one.rule_id,
        "rule_name": rule.name,
        "file": one.file,
        "line": one.line,
        "severity": rule.severity,
        "message": one.message,
        "detected_at": as_local_iso(one.detected_at),
        "status": "resolved" if one.resolved_at else "open",
        "resolved_at": as_local_iso(one.resolved_at) if one.resolved_at else None,
    }


def rule_of(one: Violation) -> Rule:
    """Return the rule that is broken."""
    rules = {rule.id: rule for rule in runtime().inspector.config.rules}
    return rules[one.rule_id]


def grades(violations: tuple[Violation, ...]) -> list[tuple[str, int]]:
    """Count breaches by severity."""
    counts = Counter(rule_of(one).severity for one in violations)
    return [(grade, counts[grade]) for grade in SEVERITIES]
