"""Test tool: one application with token authentication, asked in the name of each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from orch_next.security import door_identities

NAMES = {"CMD": "指揮", "WORK": "作業", "AUDIT": "監査", "viewer": "閲覧"}


class Doors:
    """Asks an application as an identity; one of each role is named like its role in Japanese."""

    def __init__(self, app: Flask) -> None:
        found = door_identities(app)
        assert found is not None
        self.app, self.identities = app, found
        self.tokens = {role: found.add(name, role)[1] for role, name in NAMES.items()}

    def add(self, name: str, role: str, *cores: str) -> str:
        """Add an identity whose key here is its name; return its token."""
        self.tokens[name] = self.identities.add(name, role, cores)[1]
        return self.tokens[name]

    def client(self) -> FlaskClient:
        """Return a client without cookies."""
        return self.app.test_client()

    def get(self, who: str, path: str) -> TestResponse:
        """Ask for a path."""
        return self.client().get(path, headers=self.headers(who))

    def post(self, who: str, path: str, **body: Any) -> TestResponse:
        """Post a JSON object."""
        return self.client().post(path, json=body, headers=self.headers(who))

    def headers(self, who: str) -> dict[str, str]:
        """Return the header that proves who asks, none for nobody."""
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}

    def status(self, task_id: str) -> str:
        """Return a task's present status."""
        return str(self.task(task_id)["status"])

    def task(self, task_id: str) -> dict[str, Any]:
        """Return a task as clients see it."""
        tasks: list[dict[str, Any]] = self.get("CMD", "/api/tasks").get_json()["tasks"]
        return next(task for task in tasks if task["id"] == task_id)


def open_doors(make_app: Callable[..., Flask], **settings: Any) -> Doors:
    """Return an application in token mode with an identity of each role."""
    return Doors(make_app(auth="token", **settings))
