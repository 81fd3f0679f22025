"""The repository at the MOC root (contract 1.2, Git; D31)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, make_response
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import said
from orch_next.blueprints.inputs import whole_number
from orch_next.clock import as_local_iso
from orch_next.errors import NotFoundError
from orch_next.sensors.git.command import GitError, Repository
from orch_next.sensors.git.history import MOST, PAGE, list_branches, read_commit, read_graph
from orch_next.sensors.git.stamp import refs_stamp

bp = Blueprint("git", __name__)

MOST_SKIPPED = 1_000_000


@bp.get("/api/git/graph")
def graph() -> Response:
    """Return branches and a page of commits; failures keep the legacy's 200 `success: false`."""
    repository = open_repository()
    if not repository.exists:
        return no_graph("Git repository not found")
    limit = whole_number("limit", PAGE, 1, MOST)
    skip = whole_number("skip", 0, 0, MOST_SKIPPED)
    try:
        found = remember(
            ("graph", limit, skip), lambda: read_graph(repository, limit=limit, skip=skip)
        )
    except GitError as error:
        return no_graph(said(error))
    return jsonify(success=True, last_updated=as_local_iso(runtime().now()), **found)


@bp.get("/api/git/branches")
def branches() -> ResponseReturnValue:
    """Return local and remote branches, none without a repository."""
    repository = open_repository()
    found = remember(("branches",), lambda: list_branches(repository)) if repository.exists else []
    return jsonify(success=True, branches=found)


@bp.get("/api/git/commit/<path:commit_sha>")
def commit(commit_sha: str) -> ResponseReturnValue:
    """Return one commit by its hash or ref; 404 for what names none."""
    repository = open_repository()
    if not repository.exists:
        raise NotFoundError("Git repository not found")
    found = remember(("commit", commit_sha), lambda: read_commit(repository, commit_sha))
    return jsonify(success=True, commit=found)


@bp.errorhandler(NotFoundError)
def answer_not_found(error: NotFoundError) -> Response:
    """Answer 404 with the legacy's envelope."""
    return make_response(jsonify(success=False, error=said(error)), 404)


@bp.errorhandler(GitError)
def answer_failed(error: GitError) -> Response:
    """Answer 500 with the legacy's envelope."""
    return make_response(jsonify(success=False, error=said(error)), 500)


def no_graph(why: str) -> Response:
    """Answer that there is no graph, as the legacy did."""
    return jsonify(success=False, error=why, branches=[], commits=[])


def open_repository() -> Repository:
    """Return the repository of the MOC root, whether it is there or not."""
    return Repository(runtime().settings.root.parent)


def remember(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    """Return what git says; it is asked again when a ref has moved, looked at every 2 s."""
    folder = runtime().settings.root.parent
    return runtime().answers.get(("git", *key), make, lambda: refs_stamp(folder))
