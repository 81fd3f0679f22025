"""One change as clients hear it: a numbered event with the changed row and its revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from orch_next.clock import utc_micros
from orch_next.core.events import Change

LEDGER_CHANGED = "ledger_changed"


@dataclass(frozen=True)
class Draft:
    """An event before it has its number; `rev` is None for a row that is gone.

    The log drops a draft whose revision it has told already (`is_row`): the same change
    may be noticed by its writer and by a watcher of the file.
    """

    name: str
    kind: str
    record_id: str
    rev: str | None
    payload: Mapping[str, Any]

    @property
    def is_row(self) -> bool:
        """Tell whether the draft is about one row of a ledger."""
        return self.name != LEDGER_CHANGED

    def encoded(self) -> str:
        """Return the payload as JSON, for the log."""
        return orjson.dumps(self.payload).decode()


@dataclass(frozen=True)
class Event:
    """A numbered event; `payload` is the JSON object of contract 2, with `seq`.

    `size` is the payload's length in the log.
    """

    seq: int
    name: str
    payload: dict[str, Any]
    size: int = field(default=0, compare=False)

    @cached_property
    def data(self) -> str:
        """Return the payload as JSON text, encoded once for all clients."""
        return orjson.dumps(self.payload).decode()

    @property
    def kind(self) -> str:
        """Return `task`, `approval`, `milestone` or `ledger`."""
        return str(self.payload.get("kind", ""))

    @property
    def record_id(self) -> str:
        """Return the id of the row, or the file of a ledger event."""
        return str(self.payload.get("id", ""))

    @property
    def rev(self) -> str | None:
        """Return the row's revision after the change, None for a row that is gone."""
        return self.payload.get("rev")

    @property
    def resets(self) -> bool:
        """Tell whether the event stands for more than it shows: clients must read again."""
        return bool(self.payload.get("reset"))


def stored_event(seq: int, name: str, payload: str | bytes) -> Event:
    """Make the event of a row of the log."""
    return Event(seq, name, {"seq": seq, **orjson.loads(payload)}, len(payload))


def draft_of(change: Change) -> Draft:
    """Turn a core change into the event `<kind>_updated`; `change` names what happened."""
    return row_draft(
        change.kind,
        change.record_id,
        change.rev_after if change.after is not None else None,
        change.after,
        at=change.at,
        source=change.who.source,
        actor=change.who.actor,
        what=change.event,
    )


def row_draft(
    kind: str,
    record_id: str,
    rev: str | None,
    row: dict[str, Any] | None,
    *,
    at: datetime,
    source: str,
    actor: str,
    what: str,
) -> Draft:
    """Make the draft of one changed row; `row` and `rev` are None when the row is gone."""
    name = f"{kind}_updated"
    payload = {
        "event": name,
        "kind": kind,
        "id": record_id,
        "rev": rev,
        "ts": utc_micros(at),
        "change": what,
        "source": source,
        "actor": actor,
        kind: row,
    }
    return Draft(name, kind, record_id, rev, payload)
