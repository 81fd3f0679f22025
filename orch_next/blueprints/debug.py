"""The list of routes, for those who may see it (contract 1.2, Agents)."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, jsonify

from orch_next.blueprints.context import runtime
from orch_next.errors import ForbiddenError

bp = Blueprint("debug", __name__)


@bp.get("/api/debug/routes")
def routes() -> Response:
    """Return every route by its rule; needs the role CMD, or the setting `debug_routes`."""
    identity = g.get("identity")
    if not runtime().settings.debug_routes and (identity is None or identity.role != "CMD"):
        raise ForbiddenError("needs a token of the role CMD, or debug_routes = true")
    rows = [
        {
            "endpoint": rule.endpoint,
            "methods": sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}),
            "rule": rule.rule,
        }
        for rule in current_app.url_map.iter_rules()
    ]
    rows.sort(key=lambda row: (str(row["rule"]), str(row["methods"])))
    return jsonify(success=True, count=len(rows), routes=rows)
