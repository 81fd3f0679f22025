"""Name the private part of another library that the installed version no longer has."""

from __future__ import annotations

import configparser
import inspect
import socket
from importlib import import_module
from typing import Any, ClassVar

import engineio
import pytest
from flask import Flask
from flask_socketio import SocketIO
from packaging.requirements import Requirement
from werkzeug.routing import Map, RequestRedirect, Rule

from orch_next.internals import (
    SharedRule,
    ask_first,
    client_of,
    clients_of,
    close_at_once,
    end_polls,
    engine_of,
    limit_polls,
    replace_driver,
    unpatched_socket,
    wrap_views,
)
from tests.sample import REPOSITORY
from tests.source_code import package_files, shown

# where it is -> the parameters that we give it or override; None for what is no function
PARTS: dict[str, list[str] | None] = {
    "engineio.server:Server.handle_request": ["self", "environ", "start_response"],
    "engineio.server:Server.disconnect": ["self", "sid"],
    "socketio.server:Server._send_eio_packet": ["self", "eio_sid", "eio_pkt"],
    "socketio.base_manager:BaseManager.eio_sid_from_sid": ["self", "sid", "namespace"],
    "engineio.base_server:BaseServer.reason.SERVER_DISCONNECT": None,
    "engineio.socket:Socket.poll": ["self"],
    "engineio.base_server:BaseServer.get_queue_empty_exception": ["self"],
    "engineio.socket:Socket.close": ["self", "wait", "abort", "reason"],
    "engineio.socket:Socket._websocket_handler": ["self", "ws"],
    "engineio.packet:Packet.encode": ["self", "b64"],
    "socketio.base_manager:BaseManager.get_participants": ["self", "namespace", "room"],
    "eventlet.greenio:GreenSocket.accept": ["self"],
    "eventlet.wsgi:WSGI_LOCAL": None,
    "eventlet.wsgi:Input.get_socket": ["self"],
    "eventlet:GreenPool.running": ["self"],
    "gevent.pywsgi:WSGIHandler.get_environ": ["self"],
    "gevent.pywsgi:WSGIServer.handle": ["self", "sock", "address"],
    "gevent.baseserver:BaseServer.max_accept": None,
    "werkzeug.serving:WSGIRequestHandler.run_wsgi": ["self"],
    "werkzeug.serving:WSGIRequestHandler.connection_dropped": ["self", "error", "environ"],
    "gunicorn.arbiter:Arbiter": None,
    "gunicorn.errors:AppImportError": None,
    "gunicorn.sock:ssl_wrap_socket": ["sock", "conf"],
    "gunicorn.workers.base:Worker.init_process": ["self"],
    "gunicorn.workers.base:Worker.handle_quit": ["self", "sig", "frame"],
    "gunicorn.workers.base:Worker.handle_usr1": ["self", "sig", "frame"],
    "gunicorn.workers.base_async:AsyncWorker.timeout_ctx": ["self"],
    "gunicorn.workers.base_async:AsyncWorker.handle": ["self", "listener", "client", "addr"],
    "gunicorn.workers.base_async:AsyncWorker.handle_request": [
        *("self", "listener_name", "req", "sock", "addr"),
    ],
}
PATCHED = {"flask-socketio", "python-engineio", "python-socketio"}


def parameters(where: str) -> list[str] | None:
    """Return the parameter names of a part; None when it is no function."""
    module, _, path = where.partition(":")
    part: Any = import_module(module)
    for name in path.split("."):
        part = getattr(part, name)
    return list(inspect.signature(part).parameters) if inspect.isfunction(part) else None


@pytest.mark.filterwarnings(r"ignore:\s*Eventlet is deprecated")
@pytest.mark.parametrize("where", PARTS)
def test_the_installed_version_has_the_part(where: str) -> None:
    pytest.importorskip(where.partition(":")[0].partition(".")[0])
    assert parameters(where) == PARTS[where]


def socketio_of(app: Flask) -> SocketIO:
    return SocketIO(app, async_mode="threading")


def test_engine_io_gives_a_driver_the_clients_conversation() -> None:
    engine = engineio.Server(async_mode="threading")
    shared, client = engine._async, engineio.socket.Socket(engine, "客")
    replace_driver(
        engine, lambda _former: lambda talk, server: lambda *_: [client_of(talk), server]
    )
    assert client._upgrade_websocket({}, None) == [client, engine]
    assert engine._async is not shared


def test_a_closed_client_is_forgotten() -> None:
    engine = engineio.Server(async_mode="threading")
    close_at_once(engine)
    for name in ("一", "二"):
        clients_of(engine)[name] = engineio.socket.Socket(engine, name)
    engine.disconnect("一")
    assert list(clients_of(engine)) == ["二"]


def test_sessions_are_refused_before_they_begin() -> None:
    engine = engineio.Server(async_mode="threading")
    begun: list[str] = []
    engine.on("connect", lambda sid, environ: begun.append(sid))
    answered: list[str] = []

    def answer(handle: Any, environ: Any, start_response: Any) -> Any:
        answered.append(environ["REQUEST_METHOD"])
        return handle(environ, start_response)

    ask_first(engine, lambda _sid, environ: environ["told"], answer)
    told = [ask(engine, "GET", "満員"), ask(engine, "GET", ""), ask(engine, "OPTIONS", "")]
    assert (told, len(begun), answered) == (
        ["401 UNAUTHORIZED", "200 OK", "200 OK"],
        1,
        ["GET"] * 2,
    )


def ask(engine: engineio.Server, method: str, told: str) -> str:
    query = "transport=polling&EIO=4"
    environ = {"REQUEST_METHOD": method, "QUERY_STRING": query, "wsgi.input": None, "told": told}
    answers: list[str] = []
    engine.handle_request(environ, lambda status, headers: answers.append(status))
    return answers[0]


def test_a_poll_gives_few_packets_and_leaves_the_rest() -> None:
    limit_polls()
    client = engineio.socket.Socket(engineio.Server(async_mode="threading"), "一")
    for number in range(40):
        client.send(engineio.packet.Packet(engineio.packet.MESSAGE, number))
    client.queue.put(None)
    polled = [[packet.data for packet in client.poll()] for _ in range(4)]
    assert polled == [[*range(16)], [*range(16, 32)], [*range(32, 40)], []]


def test_only_polls_are_ended() -> None:
    engine = engineio.Server(async_mode="threading")
    polling, upgraded = (engineio.socket.Socket(engine, name) for name in "ab")
    upgraded.upgraded = True
    clients_of(engine).update(a=polling, b=upgraded)
    end_polls(engine)
    assert (polling.closed, upgraded.closed) == (True, False)


def test_flask_socketio_keeps_the_views_behind_engine_io() -> None:
    app = Flask("見本")
    views = app.wsgi_app
    socketio = socketio_of(app)
    wrapped: list[Any] = []

    def note(inner: Any) -> Any:
        wrapped.append(inner)
        return inner

    wrap_views(socketio, note)
    assert wrapped == [views]
    assert isinstance(engine_of(socketio), engineio.Server)


@pytest.mark.filterwarnings(r"ignore:\s*Eventlet is deprecated")
def test_the_sockets_below_the_green_ones_are_real() -> None:
    greenio = import_module("eventlet.greenio")
    with socket.socket() as real:
        assert type(unpatched_socket(greenio.GreenSocket(real))) is type(real)
        assert unpatched_socket(real) is not None
    gevent = pytest.importorskip("gevent.socket")
    with gevent.socket() as green:
        assert isinstance(unpatched_socket(green), socket.socket.__mro__[1])
        assert not isinstance(unpatched_socket(green), gevent.socket)


def test_the_next_major_version_of_what_is_patched_is_kept_away() -> None:
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    lines = config["options"]["install_requires"].split("\n")
    wanted = {one.name: one.specifier for one in map(Requirement, filter(None, lines))}
    assert PATCHED - set(wanted) == set()
    assert [name for name in PATCHED if wanted[name].contains("99")] == []


def test_private_parts_of_engine_io_are_named_in_one_module() -> None:
    private = ("._async", ".eio", "._send_eio_packet", "sockio_mw", "WSGI_LOCAL")
    naming = {
        shown(path)
        for path in package_files()
        if any(part in path.read_text(encoding="utf-8") for part in private)
    }
    assert naming == {"orch_next/internals.py"}


class Compiled(SharedRule):
    """A shared rule that keeps account of what is compiled."""

    rules: ClassVar[list[str]] = []

    def compile(self) -> None:
        self.rules.append(self.rule)
        super().compile()


def a_map(*, strict_slashes: bool = True) -> Map:
    rule = Compiled("/仕事/<int:number>/", endpoint="共有")
    return Map([rule], strict_slashes=strict_slashes)


def test_an_equal_rule_is_compiled_once_for_many_maps() -> None:
    a_map()
    before = len(Compiled.rules)
    maps = [a_map() for _ in range(3)]
    assert len(Compiled.rules) == before > 0
    assert [one is rule.map for one in maps for rule in one.iter_rules()] == [True] * 3
    addresses = [one.bind("orch.example") for one in maps]
    assert [one.match("/仕事/7/") for one in addresses] == [("共有", {"number": 7})] * 3
    assert {one.build("共有", {"number": 7, "q": "語"}) for one in addresses} == {
        "/%E4%BB%95%E4%BA%8B/7/?q=%E8%AA%9E"
    }


def test_a_map_that_decides_otherwise_has_rules_of_its_own() -> None:
    a_map()
    loose = a_map(strict_slashes=False)
    assert loose.bind("orch.example").match("/仕事/7") == ("共有", {"number": 7})
    with pytest.raises(RequestRedirect):
        a_map().bind("orch.example").match("/仕事/7")


def test_a_bound_rule_belongs_to_one_map() -> None:
    rule = next(a_map().iter_rules())
    with pytest.raises(RuntimeError, match="already bound"):
        rule.bind(Map())


def test_every_route_is_matched_as_werkzeug_alone_would(app: Flask) -> None:
    """The second application has only rules that were compiled for the first."""
    rules = list(app.url_map.iter_rules())
    alone = Map([Rule(r.rule, **r.get_empty_kwargs()) for r in rules])
    fields = ("rule", "endpoint", "methods", "arguments", "_parts", "_trace")
    ours, theirs = (
        [[getattr(rule, name) for name in fields] for rule in one.iter_rules()]
        for one in (app.url_map, alone)
    )
    assert (len(ours) > 100, ours) == (True, theirs)
