"""`orch-next dispatch`: hand tasks to a core from here, or say what would be taken and why."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from orch_next.cli.control import open_control
from orch_next.cli.guard import FINE
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, as_table, print_json
from orch_next.dispatcher import dispatch_task, monitor_loop
from orch_next.dispatcher.control import Control
from orch_next.dispatcher.sessions import MISSING_CORE
from orch_next.errors import InputError


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Explain, plan, or dispatch in the foreground until the session ends."""
    settings = settings_for(args, environ)
    if args.explain:
        return _explain(args, open_control(settings))
    if not args.core_id:
        raise InputError(f"{MISSING_CORE} (--core-id)")
    if args.dry_run:
        return _plan(args, open_control(settings))
    return _work(args, open_control(settings, _print_as_json if args.json else _print_event))


def _explain(args: Namespace, control: Control) -> int:
    found = control.explain(args.explain, args.core_id)
    if args.json:
        print_json(found)
    elif found["reasons"]:
        for reason in found["reasons"]:
            print(as_line(f"{reason['code']}: {reason['message']}"))
    else:
        print(as_line(f"{args.explain} can be taken"))
    if found["prediction"] and not args.json:
        print(as_line(f"prediction: {_forecast(found['prediction'])}"))
    return FINE


def _plan(args: Namespace, control: Control) -> int:
    plan = dispatch_task(control, args.core_id, dry_run=True)
    if args.json:
        print_json(plan)
        return FINE
    # The column is there only where predictions have a say.
    said = any(task["prediction"] for task in plan["tasks"])
    names = ("id", "when", *(["prediction"] if said else []), "title")
    print(as_table(names, [_planned(task, said) for task in plan["tasks"]]))
    if plan["frozen"]:
        print(as_line(f"frozen: {plan['frozen']}"))
    return FINE


def _planned(task: Mapping[str, Any], said: bool) -> tuple[str, ...]:
    when = "now" if task["taken"] else "later"
    return task["task_id"], when, *([_forecast(task["prediction"])] if said else []), task["title"]


def _forecast(found: Mapping[str, Any] | None) -> str:
    """Return a prediction in words: `94%, 12.3 s (place 1 instead of 3)`."""
    if found is None:
        return "-"
    text = f"{found['success_rate']:.0%}, {found['execution_time_ms'] / 1000:.1f} s"
    moved = f" (place {found['place']} instead of {found['place_without']})"
    return text + moved if found["decided"] else text


def _work(args: Namespace, control: Control) -> int:
    control.start(
        {
            "coreId": args.core_id,
            "stay": args.stay,
            "enableOrchIntegration": args.enable_orch_integration,
            "intervalSec": args.interval,
        }
    )
    try:
        monitor_loop(control, stopping=lambda: _is_over(control, args.core_id))
    except KeyboardInterrupt:
        control.close()
        raise
    return FINE


def _is_over(control: Control, core_id: str) -> bool:
    """Tell whether the session has ended and its last offer was fetched or taken back."""
    if any(one["coreId"] == core_id for one in control.status()["processes"]):
        return False
    return not any(one["coreId"] == core_id and not one["started"] for one in control.held())


def _print_as_json(name: str, payload: dict[str, Any]) -> None:
    print(json.dumps({"event": name, **payload}, ensure_ascii=True), flush=True)


def _print_event(name: str, payload: dict[str, Any]) -> None:
    job = payload.get("job_id", payload.get("coreId", ""))
    print(as_line(f"{job} {name}{_more(name, payload)}"), flush=True)


def _more(name: str, payload: dict[str, Any]) -> str:
    if name == "job_log":
        return f": {payload['line']}"
    shown = [str(payload[key]) for key in ("title", "status", "message", "state") if key in payload]
    text = ", ".join(part for part in shown if part)
    return f": {text}" if text else ""
