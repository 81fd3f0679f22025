"""Put what happens at the door into the journal: kind `security`."""

from __future__ import annotations

from flask import Flask, g, request

from orch_next.blueprints.context import Runtime, runtime
from orch_next.core.events import Change, Who
from orch_next.core.security_log import KIND
from orch_next.security.failures import Record

LONGEST_NAME = 64


def note_door(event: str, name: str) -> None:
    """Record what an identity did, or what was done to the identity of that name."""
    identity = g.get("identity")
    who = Who(identity.name if identity else name, "-", "http", claimed=False)
    _record(runtime(), event, name, request.remote_addr or "", who)


def recorder(app: Flask) -> Record:
    """Return what records failures at this application's door; needs no request."""

    def record(event: str, name: str, address: str) -> None:
        _record(app.extensions["orch_next"], event, name, address, Who(name, "-", "http"))

    return record


def _record(parts: Runtime, event: str, name: str, address: str, who: Who) -> None:
    parts.board.journal.record(
        Change(
            kind=KIND,
            event=event,
            record_id=name[:LONGEST_NAME],
            before=None,
            after=None,
            rev_before=None,
            rev_after=None,
            at=parts.now(),
            who=who,
            details={"address": address},
        )
    )
