"""The parts of one application: final once they are built, and two of them in one process."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from orch_next import create_app
from orch_next.core.events import Change
from orch_next.events import Event
from orch_next.runtime import Runtime
from tests.patience import until
from tests.sample import REPOSITORY, copy_sample
from tests.source_code import package_files, parse

# Whose attributes are set from outside, and why; of the parts of a runtime there is none.
SET_FROM_OUTSIDE = {
    "app.py: app": "Flask takes another JSON provider so",
    "app.py: bucket": "Jinja's place for a template's code",
    "blueprints/custom.py: response.cache_control": "Werkzeug's answer",
    "blueprints/errors.py: response": "Werkzeug's answer",
    "blueprints/markdown.py: markdown": "markdown-it takes another check of links so",
    "blueprints/markdown.py: token": "a token of this text",
    "blueprints/observe.py: g": "Flask's place for what belongs to one request",
    "blueprints/pages.py: response.cache_control": "Werkzeug's answer",
    "blueprints/static_files.py: response": "Werkzeug's answer",
    "core/store.py: self._reader": "what the store's own reader shows after a write",
    "dispatcher/following.py: session": "a row of the dispatcher's own table of sessions",
    "dispatcher/hashing.py: reading": "a row of the table of readings",
    "dispatcher/work.py: running": "a row of the table of jobs",
    "dispatcher/worker.py: running": "a row of the table of jobs",
    "dispatcher/worker.py: session": "a row of the table of sessions",
    "internals.py: Socket": "Engine.IO is mended there",
    "internals.py: engine": "Engine.IO is mended there",
    "internals.py: middleware": "Engine.IO's middleware has the app as an attribute",
    "internals.py: wsgi.WSGI_LOCAL": "eventlet is mended there",
    "storage/disk.py: call": "ctypes declares arguments so",
    "logs.py: ours": "a logger of the standard library",
    "logs.py: shown": "a copy of a log record",
    "security/door.py: app": "Flask takes its key and sessions so",
    "security/requests.py: g": "Flask's place for what belongs to one request",
    "sensors/memory.py: kept": "an entry of the cache",
    "sensors/programs.py: timer": "a thread of the standard library",
    "serving/gevent_worker.py: server": "gevent's server",
    "serving/patching.py: hub": "gevent is mended there",
    "serving/patching.py: time": "the standard library is patched there",
    "serving/prepare.py: app": "Flask's own way to wrap an app",
    "serving/proxy.py: app": "Flask's own way to wrap an app",
    "storage/database.py: driver": "a connection of the driver",
    "storage/engine.py: connection": "a connection of the driver",
}


@contextmanager
def running(folder: Path) -> Iterator[Flask]:
    """Give a started application over ledgers of its own."""
    root = copy_sample(folder)
    app = create_app({"root": root})
    runtime: Runtime = app.extensions["orch_next"]
    runtime.start()
    until(runtime.leader.is_leader)
    try:
        yield app
    finally:
        runtime.stop()
        runtime.board.close()


def parts(app: Flask) -> Runtime:
    found: Runtime = app.extensions["orch_next"]
    return found


def numbers(app: Flask) -> list[tuple[str, str]]:
    """Return record and what happened of every journal entry of the tasks."""
    entries = app.test_client().get("/api/history").get_json()["entries"]
    return [(entry["record_id"], entry["event"]) for entry in entries]


def listen(app: Flask, heard: list[Any]) -> None:
    """Note what an application's bus tells."""
    parts(app).bus.subscribe(Change, lambda change: heard.append(change.record_id))
    parts(app).bus.subscribe(Event, lambda event: heard.append(event.name))


def test_two_live_in_one_process_and_do_not_mix(tmp_path: Path) -> None:
    with running(tmp_path / "一") as one, running(tmp_path / "二") as other:
        heard: dict[str, list[Any]] = {"一": [], "二": []}
        for name, app in (("一", one), ("二", other)):
            listen(app, heard[name])
        streams = [parts(app).live.hub.subscribe() for app in (one, other)]
        one.test_client().post("/api/tasks/hold", json={"task_id": "001"})
        other.test_client().post("/api/tasks/hold", json={"task_id": "003"})
        parts(one).bus.publish(Event("印", {}))
        told = [hear(stream, 1, "task_updated") for stream in streams]
        assert told == [["001"], ["003"]]
        assert (heard["一"][0], heard["二"]) == ("001", ["003"])
        assert "印" in heard["一"]
        assert [parts(app).leader.is_leader() for app in (one, other)] == [True, True]
        assert not {record for record, _ in numbers(one)} & {"003"}


def hear(stream: Any, count: int, name: str) -> list[str]:
    """Return the ids of a stream's first events of this name."""
    found: list[str] = []
    while len(found) < count:
        item = stream.get(60.0)
        assert item is not None
        if item.name == name:
            found.append(str(json.loads(item.data)["id"]))
    return found


def test_one_ends_and_the_other_goes_on(tmp_path: Path) -> None:
    with running(tmp_path / "二") as other:
        with running(tmp_path / "一") as one:
            pass
        assert (parts(one).ended.is_set(), parts(other).stopping.is_set()) == (True, False)
        answer = other.test_client().post("/api/tasks/hold", json={"task_id": "003"})
        assert answer.status_code == 200


def test_a_runtime_is_final(app: Flask) -> None:
    with pytest.raises(FrozenInstanceError):
        parts(app).station = None  # type: ignore[misc, assignment]


def set_from_outside(path: Path) -> Iterator[str]:
    """Yield the objects whose attributes a module sets that are not its own."""
    name = path.relative_to(REPOSITORY / "orch_next").as_posix()
    for node in ast.walk(parse(path)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(one, ast.Attribute) and ast.unparse(one.value) not in OWN:
                    yield f"{name}: {ast.unparse(one.value)}"


OWN = ("self", "cls")
# What runs once and ends; no server lives in it.
COMMANDS = ("cli", "migrate")


def test_nobody_finishes_what_another_made() -> None:
    served = [path for path in package_files() if path.parts[-2] not in COMMANDS]
    served = [path for path in served if "migrate" not in path.parts]
    assert {one for path in served for one in set_from_outside(path)} == set(SET_FROM_OUTSIDE)
