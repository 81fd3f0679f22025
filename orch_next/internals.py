"""Private parts of other people's libraries that this program replaces or relies on, and why.

Nobody promises them: `tests/test_internals.py` names the one that is no longer as it was, and
setup.cfg keeps the next major version of what is patched here away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from werkzeug.routing import Map, Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# python-engineio's client refuses a polling answer with more (miguelgrinberg/python-engineio#142).
MOST_POLLED = 16
Talk = Callable[[Any], Any]  # Engine.IO's conversation with one client, over a WebSocket
Driver = Callable[[Talk, Any], Any]  # makes the WSGI app that upgrades a request and talks


# A rule's fields and what its map decides, before it was bound; its fields thereafter.
_bound: dict[tuple[str, Any], tuple[dict[str, Any], dict[str, Any]]] = {}


class SharedRule(Rule):
    """A URL rule that is compiled once in a process, for all applications that have it.

    Compiling all of them takes longer than all else that makes an application (Werkzeug 3.1).
    """

    def bind(self, map: Map, rebind: bool = False) -> None:
        """Belong to a map, with what an equal rule of an equal map was compiled to."""
        fields = {**vars(self), "arguments": set(self.arguments), "map": _decisive(map)}
        before, after = _bound.get((self.rule, self.endpoint), ({}, {}))
        if before == fields:
            vars(self).update(after, map=map)
            return
        fresh = self.map is None
        super().bind(map, rebind)
        if fresh:
            bound = {name: value for name, value in vars(self).items() if name != "map"}
            _bound[(self.rule, self.endpoint)] = (fields, bound)


def _decisive(of: Map) -> tuple[Any, ...]:
    """Return what a rule takes from its map."""
    slashes = (of.strict_slashes, of.merge_slashes)
    return (*slashes, of.host_matching, of.default_subdomain, of.sort_parameters, of.converters)


def engine_of(socketio: Any) -> Any:
    """Return the Engine.IO server below a Flask-SocketIO: only it knows who is connected."""
    return socketio.server.eio


def clients_of(engine: Any) -> dict[str, Any]:
    """Return Engine.IO's clients by id: those that do not read must be dropped."""
    clients: dict[str, Any] = engine.sockets
    return clients


def send_packet(server: Any, client_id: str, packet: Any) -> None:
    """Queue a ready packet for a client, where Flask-SocketIO's test client listens."""
    server._send_eio_packet(client_id, packet)


def replace_driver(engine: Any, make: Callable[[Driver | None], Driver | None]) -> None:
    """Let `make` put a WebSocket driver in the place of this engine's; one cannot be chosen.

    Engine.IO's table belongs to every server of its mode in the process, so it is copied.
    """
    engine._async = {**engine._async, "websocket": make(engine._async["websocket"])}


def client_of(talk: Talk) -> Any:
    """Return the client that Engine.IO's conversation is with: a driver is told no more."""
    return getattr(talk, "__self__", None)


def close_at_once(engine: Any) -> None:
    """Let Engine.IO close clients without waiting, and forget them when they are closed.

    It waits until the client has fetched what is queued: for good, when nobody does, so that
    each packet that makes it close would keep a thread. And it answers what comes after with
    a 500 (python-engineio 4.15).
    """
    handle = engine.handle_request

    def disconnect(sid: str) -> None:
        clients = clients_of(engine)
        client = clients.get(sid)
        if client is not None:
            client.close(wait=False, reason=engine.reason.SERVER_DISCONNECT)
            clients.pop(sid, None)

    def handle_request(environ: Mapping[str, Any], start_response: Any) -> Any:
        clients = clients_of(engine)
        for sid in parse_qs(environ.get("QUERY_STRING", "")).get("sid", []):
            client = clients.get(sid)
            if client is not None and client.closed:
                clients.pop(sid, None)
        return handle(environ, start_response)

    engine.disconnect, engine.handle_request = disconnect, handle_request


def end_client(socketio: Any, sid: str, namespace: str) -> None:
    """End a client's connection, not only its part in the namespace: it could join again."""
    server = socketio.server
    client = server.manager.eio_sid_from_sid(sid, namespace)
    server.disconnect(sid, namespace=namespace, ignore_queue=True)
    engine_of(socketio).disconnect(client)


def ask_first(
    engine: Any,
    refuse: Callable[[str, WSGIEnvironment], str],
    answer: Callable[[WSGIApplication, WSGIEnvironment, Any], Any],
) -> None:
    """Let Engine.IO ask before it begins a session, and before a GET holds a thread.

    `refuse` says why a session may not begin, or nothing; `answer` is given what answers. By
    itself it lets everybody begin: Socket.IO asks later, and until then a session is kept.
    """
    begin, handle = engine.handlers["connect"], engine.handle_request

    def connect(sid: str, environ: WSGIEnvironment) -> Any:
        return refuse(sid, environ) or begin(sid, environ)

    def handle_request(environ: WSGIEnvironment, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] != "GET":
            return handle(environ, start_response)
        return answer(handle, environ, start_response)

    engine.handlers["connect"], engine.handle_request = connect, handle_request


def limit_polls(most: int = MOST_POLLED) -> None:
    """Let every Engine.IO server of this process give a polling client few packets at a time.

    It gives all that are queued, and a client that missed more than it takes could never come
    back (python-engineio 4.15). What is left waits for the next poll, which follows at once.
    """
    from engineio.exceptions import QueueEmpty
    from engineio.socket import Socket

    def poll(self: Any) -> list[Any]:
        empty = self.server.get_queue_empty_exception()
        packets: list[Any] = []
        try:
            patience = self.server.ping_interval + self.server.ping_timeout
            packets.append(self.queue.get(timeout=patience))
            self.queue.task_done()
            while packets[-1] is not None and len(packets) < most:
                packets.append(self.queue.get(block=False))
                self.queue.task_done()
        except empty:
            if not packets:
                raise QueueEmpty from None
        if packets[-1] is None and len(packets) > 1:
            self.queue.put(None)  # the end is told once more, to who polls next
        return [packet for packet in packets if packet is not None]

    Socket.poll = poll


def end_polls(engine: Any) -> None:
    """Answer requests that wait for packets; without it each would hold up the stop."""
    for client in list(clients_of(engine).values()):
        if not client.upgraded:
            client.close(wait=False)


def wrap_views(socketio: Any, wrap: Callable[[WSGIApplication], WSGIApplication]) -> None:
    """Wrap the app that Flask-SocketIO keeps behind Engine.IO, which must stay in the loop."""
    middleware = socketio.sockio_mw
    middleware.wsgi_app = wrap(middleware.wsgi_app)


def unpatched_socket(sock: Any) -> Any:
    """Return the socket below eventlet's or gevent's, whose `send` never waits."""
    return getattr(sock, "fd", None) or getattr(sock, "_sock", sock)


def socket_of(environ: WSGIEnvironment) -> Any | None:
    """Return the socket of a request, where its server shows it: a WebSocket needs all of it."""
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()
    names = ("gunicorn.socket", "werkzeug.socket", "orch_next.socket")
    return next((environ[name] for name in names if name in environ), None)


def leave_request(environ: WSGIEnvironment) -> Iterable[bytes]:
    """End a request without an answer, the way that each server understands."""
    if "eventlet.input" in environ:
        from eventlet import wsgi

        wsgi.WSGI_LOCAL.already_handled = True
    elif "gunicorn.socket" in environ:
        raise StopIteration
    elif "werkzeug.socket" in environ:
        raise ConnectionAbortedError
    elif "orch_next.leave" in environ:
        environ["orch_next.leave"]()
    return []
