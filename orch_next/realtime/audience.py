"""One packet for many Socket.IO clients: encoded once, written at once, and nobody waits."""

from __future__ import annotations

from typing import Any

import orjson
from engineio.packet import MESSAGE, Packet
from flask_socketio import SocketIO

from orch_next.internals import (
    Driver,
    Talk,
    client_of,
    clients_of,
    engine_of,
    replace_driver,
    send_packet,
)

NAMESPACE = "/"
BACKLOG_LIMIT = 2_000  # packets that may wait for one client before it is dropped


class Audience:
    """The Engine.IO clients of this process; everything here runs in the loop.

    Engine.IO gives each client a queue and a thread that encodes, frames and writes. To a
    client that is not behind, a green server writes the ready frame itself: the order is
    kept because a client with anything queued or being written gets it by the queue.
    """

    def __init__(self, socketio: SocketIO) -> None:
        self._server, self._engine = socketio.server, engine_of(socketio)
        self._websockets: dict[Any, Any] = {}
        self._is_green = False

    def __len__(self) -> int:
        """Return how many are connected: not those that have yet to say who they are."""
        return sum(1 for _ in self._server.manager.get_participants(NAMESPACE, None))

    def is_connected(self, sid: str) -> bool:
        """Tell whether an Engine.IO session is a client of the default namespace."""
        return self._server.manager.sid_from_eio_sid(sid, NAMESPACE) is not None

    def addresses(self) -> dict[str, str]:
        """Return the addresses of all Engine.IO sessions of this process."""
        environs = self._server.environ
        return {
            sid: environs.get(sid, {}).get("REMOTE_ADDR", "")
            for sid in list(clients_of(self._engine))
        }

    def drop(self, sid: str) -> None:
        """End a session at once, whatever it waits for."""
        client = clients_of(self._engine).pop(sid, None)
        if client is not None:
            self._abort(client)

    def track_websockets(self, *, is_green: bool) -> None:
        """Remember each client's WebSocket from now on, in the driver that the server set."""
        self._is_green = is_green
        replace_driver(self._engine, lambda driver: driver and self._tracking(driver))

    def tell(self, name: str, data: str, room: str) -> None:
        """Send an event with JSON text as its payload to everybody in the room."""
        text = f"2[{orjson.dumps(name).decode()},{data}]"
        packet, frame = Packet(MESSAGE, text), b""
        for _sid, client_id in self._server.manager.get_participants(NAMESPACE, room):
            websocket = self._idle_websocket(clients_of(self._engine).get(client_id))
            if websocket is None:
                send_packet(self._server, client_id, packet)
                continue
            frame = frame or websocket.frame(packet.encode())
            if not websocket.send_now(frame, self._server.start_background_task):
                send_packet(self._server, client_id, packet)

    def drop_stuck(self) -> None:
        """Disconnect clients that have not read for too long: memory is bounded."""
        for client in list(clients_of(self._engine).values()):
            if not client.closed and client.queue.qsize() > BACKLOG_LIMIT:
                self._abort(client)

    def _abort(self, client: Any) -> None:
        websocket = self._websockets.get(client)
        client.close(wait=False, abort=True)
        if websocket is not None:
            websocket.abort()

    def _idle_websocket(self, client: Any) -> Any | None:
        """Return the WebSocket of a client for whom nothing waits in the queue."""
        if not self._is_green or client is None or client.closed or not client.upgraded:
            return None
        return self._websockets.get(client) if client.queue.empty() else None

    def _tracking(self, driver: Driver) -> Driver:
        def track(talk: Talk, server: Any) -> Any:
            client = client_of(talk)

            def remember(websocket: Any) -> Any:
                if hasattr(websocket, "send_now"):
                    self._websockets[client] = websocket
                try:
                    return talk(websocket)
                finally:
                    self._websockets.pop(client, None)

            return driver(remember, server)

        return track
