"""`orch-next migrate shadow`: the same reads to the old server and the new one."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from orch_next.cli.guard import FAILED, FINE
from orch_next.cli.output import as_line, as_table, print_json
from orch_next.errors import InputError
from orch_next.migrate.house import silent
from orch_next.migrate.progress import Bar
from orch_next.migrate.shadow.fetch import Server
from orch_next.migrate.shadow.run import Compared, ShadowReport, shadow
from orch_next.migrate.shadow.timing import Ratio

MOST_ROUNDS = 10_000
TOKEN = "ORCH_SHADOW_TOKEN"  # noqa: S105  # the variable's name


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Compare and time; 1 when the new server is not ready, or one does not answer."""
    if not 0 <= args.rounds <= MOST_ROUNDS:
        raise InputError(f"--rounds must be between 0 and {MOST_ROUNDS}")
    token = environ.get(TOKEN, "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    old = Server("legacy", args.legacy, timeout=args.timeout)
    new = Server("next", args.next, headers, timeout=args.timeout)
    bar = Bar(sys.stderr) if sys.stderr.isatty() else None
    try:
        report = shadow(old, new, rounds=args.rounds, say=bar or silent)
    finally:
        old.close()
        new.close()
        if bar:
            bar.clear()
    if args.json:
        print_json(as_json(report))
    else:
        _print(report)
    return FINE if report.is_ready else FAILED


def as_json(report: ShadowReport) -> dict[str, Any]:
    """Return the whole report for programs."""
    return {
        "ready": report.is_ready,
        "reasons": list(report.reasons),
        "not_compared": list(report.uncompared),
        "legacy": report.old,
        "next": report.new,
        "routes": [_route_json(one) for one in report.compared],
        "times": [asdict(one) for one in report.times],
        "overall": asdict(report.total) if report.total else None,
    }


def _route_json(one: Compared) -> dict[str, Any]:
    return {
        "path": one.path,
        "status": [one.old_status, one.new_status],
        "differs": [asdict(fault) for fault in one.faults],
        "improved": [{"defect": defect, **asdict(found)} for defect, found in one.improved],
        "added_keys": one.added,
    }


def _print(report: ShadowReport) -> None:
    header = ("route", "legacy", "next", "result")
    rows = [
        (one.path, str(one.old_status), str(one.new_status), _result(one))
        for one in report.compared
    ]
    print(as_table(header, rows))
    if report.times:
        print(f"\n{_times(report)}")
    print()
    for reason in report.reasons:
        print(f"- {as_line(reason)}")
    for told in report.uncompared:
        print(f"  {as_line(told)}")
    print("ready" if report.is_ready else f"not ready: {len(report.reasons)} reasons")


def _times(report: ShadowReport) -> str:
    header = ("route", "legacy p50 p95 ms", "next p50 p95 ms", "p50 ratio", "p95 ratio")
    rows = [
        (
            one.path,
            f"{one.old_p50:.1f} {one.old_p95:.1f}",
            f"{one.new_p50:.1f} {one.new_p95:.1f}",
            _ratio(one.p50),
            _ratio(one.p95),
        )
        for one in report.times
    ]
    if report.total:
        rows.append(("all together", "", "", _ratio(report.total), ""))
    return as_table(header, rows)


def _ratio(ratio: Ratio) -> str:
    return f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"


def _result(one: Compared) -> str:
    if one.silent:
        return "no answer"
    parts = []
    if one.faults:
        parts.append(f"differs: {len(one.faults)}")
    if one.improved:
        counted = Counter(defect for defect, _found in one.improved)
        parts.append("improved: " + ", ".join(f"{name} ({n})" for name, n in counted.items()))
    if one.added:
        parts.append(f"keys added: {one.added}")
    return "; ".join(parts) or "same"
