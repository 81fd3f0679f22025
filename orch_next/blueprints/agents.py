"""The agents' registry and its page (contract 1.2, Agents; 4.2; D39)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from orch_next.blueprints.clock import as_local_iso
from orch_next.blueprints.context import orch
from orch_next.blueprints.inputs import Body, read_body
from orch_next.blueprints.words import choose_words
from orch_next.core.agents import STATUSES, agent_id
from orch_next.errors import InputError, NotFoundError

bp = Blueprint("agents", __name__)

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ja": {
            "agents": "エージェント",
            "health": "システム",
            "search": "ID・名前・タグで検索",
            "name": "名前",
            "updated_at": "更新日時",
            "heartbeat_at": "最終応答",
            "tags": "タグ",
            "online": "応答あり",
            "offline": "オフライン",
            "never": "なし",
            "heartbeat": "応答を送る",
            "report": "報告",
            "details": "詳細",
            "register": "登録",
            "register_title": "エージェントの登録",
            "registered": "登録しました",
            "report_prompt": "報告内容",
            "reported": "報告を記録しました",
            "beaten": "応答を記録しました",
            "no_agents": "エージェントはありません。",
            "metrics": "指標",
            "m_total": "エージェント数",
            "m_healthy": "稼働",
            "m_degraded": "注意",
            "m_offline": "オフライン",
            "m_hb_max": "最も古い応答（秒前）",
            "m_audit_total": "監査項目",
            "m_audit_fail": "監査の失敗",
            "token": "アクセストークン（JWT）",
            "use_token": "使う",
            "needs_token": "この一覧にはトークンが必要です。",
        },
        "en": {
            "agents": "Agents",
            "health": "System",
            "search": "Search id, name, tags",
            "name": "Name",
            "updated_at": "Updated",
            "heartbeat_at": "Last heartbeat",
            "tags": "Tags",
            "online": "Online",
            "offline": "Offline",
            "never": "Never",
            "heartbeat": "Heartbeat",
            "report": "Report",
            "details": "Details",
            "register": "Register",
            "register_title": "Register an agent",
            "registered": "Registered",
            "report_prompt": "What to report",
            "reported": "The report was kept",
            "beaten": "The heartbeat was noted",
            "no_agents": "There are no agents.",
            "metrics": "Metrics",
            "m_total": "Agents",
            "m_healthy": "Healthy",
            "m_degraded": "Degraded",
            "m_offline": "Offline",
            "m_hb_max": "Oldest heartbeat (seconds ago)",
            "m_audit_total": "Audit checks",
            "m_audit_fail": "Audit failures",
            "token": "Access token (JWT)",
            "use_token": "Use",
            "needs_token": "This list needs a token.",
        },
    }
)


@bp.get("/agents")
def index() -> str:
    """Show the registry; the page's script reads the list."""
    words = choose_words(request.args.get("lang", ""), request.accept_languages)
    own = WORDS[words["lang"]]
    return render_template(
        "agents/index.html", t={**words, **own}, own=own, view="agents", statuses=STATUSES
    )


@bp.get("/api/agents/list")
def list_agents() -> ResponseReturnValue:
    """List the agents as a bare array; `online` is additive."""
    return jsonify(orch().agents.list_agents())


@bp.post("/api/agents/register")
def register() -> ResponseReturnValue:
    """Add an agent, or overwrite its status, name and tags."""
    return jsonify(success=True, id=orch().agents.register(read_body().members))


@bp.post("/api/agents/heartbeat")
def note_heartbeat() -> ResponseReturnValue:
    """Note a sign of life, also for the leases of a core of that id."""
    key = _required_id(read_body(), "id required")
    orch().agents.beat(key)
    reports = orch().reports
    if reports is not None:
        reports.beat(key)
    return jsonify(success=True, id=key)


@bp.post("/api/agents/report")
def keep_report() -> ResponseReturnValue:
    """Keep the whole body as the agent's report."""
    body = read_body()
    key = _required_id(body, "id required")
    orch().agents.report(key, body.members)
    return jsonify(success=True, id=key)


@bp.post("/api/agents/remove")
def remove() -> ResponseReturnValue:
    """Take an agent out of the registry."""
    key = _required_id(read_body(), "id is required")
    return jsonify(success=True, removed=orch().agents.remove(key))


@bp.post("/api/agents/update")
def update() -> ResponseReturnValue:
    """Change members of a known agent; errors have the contract's envelope too."""
    try:
        agent = orch().agents.update(read_body().members)
    except InputError as error:
        return jsonify(_envelope(False, error=str(error))), 400
    except NotFoundError as error:
        return jsonify(_envelope(False, error=str(error))), 404
    return jsonify(_envelope(True, data={"agent": agent}))


def _required_id(body: Body, missing: str) -> str:
    key = agent_id(body.members)
    if not key:
        raise InputError(missing)
    return key


def _envelope(success: bool, **more: object) -> dict[str, object]:
    stamp = as_local_iso(orch().now())
    return {"success": success, "timestamp": stamp, "request_id": g.request_id, **more}
