"""What an approval's evidence cell names: the file, its hash, its text."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, jsonify

from orch_next.blueprints.context import runtime
from orch_next.core.evidence import Places, look_at_evidence
from orch_next.dispatcher.cores import CORES_FILE, load_cores
from orch_next.errors import ConfigError

bp = Blueprint("evidence", __name__)


@bp.get("/api/approvals/<path:approval_id>/evidence")
def evidence(approval_id: str) -> Response:
    """Return path, size, hash and preview; only of files inside the MOC root."""
    board = runtime().board
    approval = board.state.approvals.get(approval_id)
    asked = board.journal.last_details("approval", approval_id, "approval_requested")
    recorded = asked.get("sha256") if asked.get("evidence") == approval.evidence else None
    found = look_at_evidence(approval.evidence, _places(), recorded)
    return jsonify({"appr_id": approval_id, **found.as_json()})


def _places() -> Places:
    settings = runtime().settings
    moc_root = settings.root.parent
    private = [moc_root / "data", moc_root / "config", settings.secret_key_path]
    folders = _core_folders(moc_root)
    return Places(moc_root, settings.root, folders, private, settings.artifact_max_bytes)


def _core_folders(moc_root: Path) -> list[Path]:
    """Return where commands work: their artifacts' names start there, as when hashed."""
    try:
        cores = load_cores(moc_root / CORES_FILE, base=moc_root)
    except ConfigError:
        # The dispatcher tells it; evidence elsewhere can be seen all the same.
        return []
    return [core.cwd for core in cores.known.values() if core.mode == "command"]
