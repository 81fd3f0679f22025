"""One change as clients hear it: a numbered event with the changed row and its revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import RowMapping

from orch_next.core.database import LEDGER

LEDGER_CHANGED = "ledger_changed"


@dataclass(frozen=True)
class Event:
    """A numbered event; `payload` is the JSON object of contract 2, with `seq`.

    `size` is about the payload's length.
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


def event_of(entry: RowMapping | Mapping[str, Any]) -> Event:
    """Make the event of a journal entry; its id is the number."""
    payload = _file_payload(entry) if entry["kind"] == LEDGER else _row_payload(entry)
    event = Event(entry["id"], payload["event"], {"seq": entry["id"], **payload})
    return replace(event, size=len(orjson.dumps(payload)))


def reset_at(seq: int) -> Event:
    """Make the event that stands for all up to this number: clients must read again."""
    payload = {"seq": seq, "event": LEDGER_CHANGED, "kind": LEDGER, "reset": True}
    return Event(seq, LEDGER_CHANGED, payload)


def _row_payload(entry: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    kind, row = entry["kind"], entry["after"]
    return {
        "event": f"{kind}_updated",
        "kind": kind,
        "id": entry["record_id"],
        "rev": entry["rev_after"] if row is not None else None,
        "ts": entry["ts"],
        "change": entry["event"],
        "source": entry["source"],
        "actor": entry["actor"],
        kind: row,
    }


def _file_payload(entry: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    name, said = entry["record_id"], entry["details"]
    digest = said.get("digest", "")
    payload = {
        "event": LEDGER_CHANGED,
        "kind": LEDGER,
        "id": name,
        "file": name,
        "digest": digest,
        "rev": digest,
        "stale": said.get("stale", False),
        "problems": said.get("problems", []),
        "ts": entry["ts"],
        "source": entry["source"],
        "actor": entry["actor"],
    }
    return {**payload, "reset": True} if said.get("reset") else payload
