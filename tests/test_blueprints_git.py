"""The git routes: the legacy's envelope, pages, 404 for what names no commit (D31)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.sensors.memory import Remembered
from tests.repositories import Git, make_repository


@pytest.fixture
def git(orch_root: Path) -> Git:
    return make_repository(orch_root.parent)


def test_without_a_repository(client: FlaskClient) -> None:
    missing = {"success": False, "error": "Git repository not found"}
    assert client.get("/api/git/graph").json == {**missing, "branches": [], "commits": []}
    assert client.get("/api/git/branches").json == {"success": True, "branches": []}
    answer = client.get("/api/git/commit/abcdef12")
    assert (answer.status_code, answer.json) == (404, missing)


def test_twenty_commits_by_default_and_pages(client: FlaskClient, git: Git) -> None:
    for n in range(22):
        git.commit(f"変更 {n}", a_md=str(n))
    first, last = client.get("/api/git/graph"), client.get("/api/git/graph?limit=5&skip=20")
    assert [len(one.json["commits"]) for one in (first, last) if one.json] == [20, 2]
    assert [one.json["next_skip"] for one in (first, last) if one.json] == [20, None]


def test_a_commit_by_hash_and_by_ref(client: FlaskClient, git: Git) -> None:
    sha = git.commit("最初", a_md="1")
    git("branch", "feature/窓")
    answers = [client.get(f"/api/git/commit/{ref}").json for ref in (sha, "feature/窓")]
    assert [(one["success"], one["commit"]["hash"]) for one in answers if one] == [(True, sha)] * 2


@pytest.mark.parametrize("ref", ["--output=x", "ffffffff", "HEAD%5E", "main..HEAD", "%00", "a%0Ab"])
def test_an_unknown_or_hostile_ref_is_404(client: FlaskClient, git: Git, ref: str) -> None:
    git.commit("最初", a_md="1")
    answer = client.get(f"/api/git/commit/{ref}")
    assert (answer.status_code, answer.json and answer.json["success"]) == (404, False)


def test_a_broken_repository_says_why(client: FlaskClient, orch_root: Path) -> None:
    (orch_root.parent / ".git").mkdir()
    graph, branches = client.get("/api/git/graph"), client.get("/api/git/branches")
    assert graph.json and (graph.status_code, graph.json["success"]) == (200, False)
    assert branches.json and (branches.status_code, branches.json["success"]) == (500, False)


def test_a_new_commit_is_shown_when_it_is_asked_for_again(
    client: FlaskClient, app: Flask, git: Git
) -> None:
    clock = iter(range(0, 900, 3))
    kept = Remembered(2.0, clock=lambda: float(next(clock)))
    app.extensions["orch_next"] = replace(app.extensions["orch_next"], answers=kept)
    told = []
    for number in range(3):
        git.commit(f"変更 {number}", a_md=str(number))
        answers = [client.get("/api/git/graph").json for _ in range(2)]
        told.append([one["commits"][0]["message"] for one in answers if one])
    assert told == [[f"変更 {number}"] * 2 for number in range(3)]
