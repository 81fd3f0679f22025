"""Write what the migration knows of our routes and events: orch_next/migrate/dashboard/ours.py."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from orch_next import create_app

FILE = Path(__file__).resolve().parent.parent / "orch_next" / "migrate" / "dashboard" / "ours.py"
_TEXT = '''\
"""Our routes and the events that clients may send; written by scripts/write_route_table.py.

`orch_next.migrate` may not import the application; a test compares this with it.
"""

from __future__ import annotations

from orch_next.migrate.dashboard.legacy import routes_of

_ROUTES = """
{routes}
"""
OUR_ROUTES = routes_of(_ROUTES)
# What clients send to us; `connect` and `disconnect` are the library's.
_HEARD = """
{heard}
"""
HEARD = frozenset(_HEARD.split())
# What we send to clients (docs/realtime.md).
_SENT = """
{sent}
"""
SENT = frozenset(_SENT.split())
'''
SENT = """
task_updated approval_updated milestone_updated ledger_changed reset status error initial_data
dashboard_overview_update timeline_update heatmap_update task_flow_update metrics_update
quality_metrics_update system_health_update quality_alerts_update subscription_confirmed
dispatcher_started dispatcher_stopped task_dispatched job_log job_finished lease_expired job_decided
ml_training_progress ml_training_finished
new_alert alert_notification alert_update monitoring_update automation_status
"""


def read_app() -> tuple[set[tuple[str, str]], set[str]]:
    """Return the routes (method, path without spaces) and the events of a fresh application."""
    with TemporaryDirectory() as folder:
        app = create_app({"root": Path(folder) / "ORCH"})
        routes = {
            (method, rule.rule.replace(" ", ""))
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        heard = set(app.extensions["socketio"].server.handlers["/"])
        return routes, heard - {"connect", "disconnect"}


def table() -> str:
    """Return the module's text."""
    routes, heard = read_app()
    lines = [
        _wrap([f"{method}:", *sorted(path for verb, path in routes if verb == method)])
        for method in sorted({verb for verb, _ in routes})
    ]
    return _TEXT.format(
        routes="\n".join(lines), heard=_wrap(sorted(heard)), sent=_wrap(SENT.split())
    )


def _wrap(words: Iterable[str]) -> str:
    line = " ".join(words)
    return "\n".join(textwrap.wrap(line, 98, break_long_words=False, break_on_hyphens=False))


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
