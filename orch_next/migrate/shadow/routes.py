"""What a shadow run asks for: every GET route of the contract (1.1), and how to look at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

Kind = Literal["json", "page", "text", "stream", "socket"]
Ids = Literal["", "task", "commit", "script"]


@dataclass(frozen=True)
class Route:
    """A path; `{}` takes an id of the kind `ids`. `live` answers differ from second to second."""

    path: str
    kind: Kind = "json"
    live: bool = False
    ids: Ids = ""
    timed: bool = True


def _routes(kind: Kind, paths: str, *, live: bool = False, timed: bool = True) -> list[Route]:
    return [Route(path, kind, live, "", timed) for path in paths.split()]


ROUTES: tuple[Route, ...] = (
    *_routes("page", "/ /tasks /approvals /ml /ps1 /results /tasks/new /dashboard /realtime"),
    *_routes("page", "/agents /monitoring /security /console"),
    *_routes("json", "/api/overview /api/tasks /api/approvals /api/milestones /jobs"),
    Route("/jobs/{}", ids="task"),
    *_routes("json", "/audit/events /api/rules /api/rules/violations"),
    *_routes("json", "/api/quality/metrics /api/quality/health /api/quality/alerts", live=True),
    Route("/health", live=True),
    *_routes("json", "/api/system-health /api/system/detailed /status /api/status", live=True),
    *_routes("json", "/api/git/graph /api/git/branches", timed=False),
    Route("/api/git/commit/{}", ids="commit", timed=False),
    *_routes("json", "/api/v3/task-overview /api/v3/task-flow /api/v3/console-topology", live=True),
    *_routes("json", "/api/v3/task-timeline /api/v3/performance-heatmap", live=True),
    *_routes("json", "/api/ml/status /api/ml/retrain/status", live=True),
    Route("/api/ml/optimize/{}", ids="script", timed=False, live=True),
    Route("/api/knowledge/work_outcomes/{}", ids="task"),
    *_routes("json", "/api/work/progress /api/work/instructions /api/agents/list"),
    *_routes("json", "/api/autopilot/status /api/autopilot/logs", live=True),
    *_routes("json", "/api/monitoring/performance /api/monitoring/alerts", live=True),
    *_routes("json", "/api/monitoring/status /api/monitoring/metrics/history", live=True),
    *_routes("json", "/api/security/status /api/security/audit", live=True),
    *_routes("text", "/metrics", live=True),
    *_routes("json", "/no-such-url", timed=False),
    *_routes("stream", "/events /events/health", timed=False),
    Route("/jobs/{}/events", "stream", ids="task", timed=False),
    *_routes("socket", "/socket.io/?EIO=4&transport=polling", timed=False),
)


def fill(route: Route, ids: Iterable[str]) -> list[Route]:
    """Return the route once for each id; a route without a place for one stays as it is."""
    if not route.ids:
        return [route]
    filled = (route.path.format(quote(one, safe="")) for one in ids)
    return [Route(path, route.kind, route.live, route.ids, route.timed) for path in filled]
