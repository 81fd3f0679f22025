"""One test per route of the contract: it is served, with its status, keys and types."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from orch_next.runtime import Runtime
from orch_next.security import door_identities
from tests.conftest import copy_samples
from tests.contract_cases import CASES, ELSEWHERE, LOGIN, Case
from tests.contract_errors import ERRORS, NOT_HERE
from tests.knowledge_desk import fill
from tests.repositories import make_repository
from tests.sample import CONTRACT
from tests.shapes import differences


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a MOC root with the sample's ledgers as a repository with a commit."""
    root = tmp_path_factory.mktemp("committed")
    copy_samples(root)
    make_repository(root).commit("最初 | の変更", a_md="一\r\n", _gitignore="data/\n")
    return root


@pytest.fixture
def moc_root(orch_root: Path, committed: Path) -> Path:
    """Return the test's own copy of that repository."""
    shutil.copytree(committed, orch_root.parent, dirs_exist_ok=True)
    return orch_root.parent


@pytest.fixture
def make_client(make_app: Callable[..., Flask], moc_root: Path) -> Callable[[Case], FlaskClient]:
    def build(case: Case) -> FlaskClient:
        case.prepare(moc_root)
        auth = "token" if case.as_role else "open"
        app = make_app(auth=auth, **case.settings)
        client = app.test_client()
        app.extensions["orch_next"].leader.claim()  # so that it may dispatch
        if identities := door_identities(app):
            identities.add_with_password(LOGIN["username"], "AUDIT", LOGIN["password"])
            token = identities.add("司令", case.as_role)[1]
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        client.post("/api/agents/register", json={"id": "AG-01", "name": "監査 AI"})
        teach(app, case)
        return client

    return build


def teach(app: Flask, case: Case) -> None:
    """Record the case's runs, and take the learner away where it asks for that."""
    runtime: Runtime = app.extensions["orch_next"]
    if case.runs:
        fill(runtime.knowledge.store, case.runs)
    if not case.ml:
        without = replace(runtime.knowledge, learning=None, retrain=None)
        app.extensions["orch_next"] = replace(runtime, knowledge=without)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_route(make_client: Callable[[Case], FlaskClient], case: Case) -> None:
    check(make_client(case), case)


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: f"{case.name} {case.status}")
def test_error(make_client: Callable[[Case], FlaskClient], case: Case) -> None:
    check(make_client(case), case)


def check(client: FlaskClient, case: Case) -> None:
    """Make the request and compare status, type, keys and values."""
    if case.before:
        client.post(case.before[0], json=case.before[1])
    answer = client.open(case.url or case.path, method=case.method, json=case.body)
    assert (answer.status_code, answer.mimetype) == (case.status, case.kind)
    if case.shape is not None:
        assert differences(answer.json, case.shape) == []
    else:
        assert begins_with(answer, case.says)
    answer.close()
    if case.after:
        client.post(case.after, json={})


def begins_with(answer: TestResponse, wanted: str) -> bool:
    """Tell whether a text stands in the first three pieces; streams never end."""
    text = b""
    for chunk in islice(answer.iter_encoded(), 3):
        text += chunk
        if wanted.encode() in text:
            return True
    return False


def plain(name: str) -> str:
    """Leave the names of a path's variables out: `GET /jobs/<>`."""
    return re.sub(r"<[^>]+>", "<>", name)


def test_every_route_has_one_test() -> None:
    names = [case.name for case in CASES] + list(ELSEWHERE)
    assert sorted(set(names)) == sorted(names)


def test_the_cases_are_the_contracts_routes() -> None:
    routes = json.loads(CONTRACT.read_text(encoding="utf-8"))["routes"]
    wanted = {plain(f"{route['method']} {route['path']}") for route in routes}
    assert {plain(name) for name in (*(case.name for case in CASES), *ELSEWHERE)} == wanted


def test_every_error_of_the_contract_has_a_test_or_a_reason() -> None:
    routes = json.loads(CONTRACT.read_text(encoding="utf-8"))["routes"]
    named = {
        plain(f"{route['method']} {route['path']}")
        for route in routes
        if any(is_brought_about(one["when"]) for one in route["errors"])
    }
    known = {plain(name) for name in (*(case.name for case in ERRORS), *NOT_HERE)}
    assert named - known == set()
    assert {plain(name) for name in NOT_HERE} - named == set()


def is_brought_about(when: str) -> bool:
    """Tell whether an error has a cause other than a defect of the program or its package."""
    return when not in ("exception", "template missing")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_route_that_is_tested_elsewhere_is_served(app: Flask, name: str) -> None:
    served = {
        plain(f"{method} {rule.rule}")
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    assert plain(name) in served
