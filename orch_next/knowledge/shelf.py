"""Learned models in the database: each training adds a version, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.errors import ConflictError
from orch_next.knowledge.documents import Library
from orch_next.knowledge.learned import Learned, load_learned
from orch_next.knowledge.outcomes import storable
from orch_next.knowledge.tables import model_table

_COLUMNS = model_table.c


@dataclass(frozen=True)
class Stored:
    """One version: what it was learned from (UTC text), its held-out score, and the model."""

    script: str
    version: int
    created_at: str
    data_from: str
    data_to: str
    samples: int
    epochs: int
    score: Mapping[str, Any]
    learned: Mapping[str, Any]

    @property
    def model(self) -> Learned:
        """Return the model."""
        return load_learned(self.learned)

    def as_json(self) -> dict[str, Any]:
        """Return everything but the model itself."""
        return {name: value for name, value in vars(self).items() if name != "learned"}


class Shelf:
    """The models of all scripts."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def add(self, stored: Stored) -> Stored:
        """Store a new version and return it with its number; raise ConflictError, BusyError."""
        last = sa.select(sa.func.max(_COLUMNS.version)).where(_COLUMNS.script == stored.script)
        try:
            with self._library.transaction() as connection, connection.begin_nested():
                version = int(connection.scalar(last) or 0) + 1
                row = {**vars(stored), "version": version}
                connection.execute(sa.insert(model_table).values(row))
        except IntegrityError as error:
            raise ConflictError(f"{stored.script} was learned by another process") from error
        return Stored(**row)

    def latest(self, script: str) -> Stored | None:
        """Return a script's newest model, None without one; raise BusyError."""
        query = sa.select(model_table).where(_COLUMNS.script == storable(script))
        query = query.order_by(_COLUMNS.version.desc()).limit(1)
        with self._library.reading() as connection:
            row = connection.execute(query).mappings().first()
        return _as_stored(row) if row else None

    def current(self) -> list[dict[str, Any]]:
        """Describe the newest model of every script; raise BusyError."""
        newest = sa.select(sa.func.max(_COLUMNS.id)).group_by(_COLUMNS.script)
        names = [name for name in Stored.__annotations__ if name != "learned"]
        query = (
            sa.select(*(_COLUMNS[name] for name in names))
            .where(_COLUMNS.id.in_(newest))
            .order_by(_COLUMNS.script)
        )
        with self._library.reading() as connection:
            return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]


def _as_stored(row: Mapping[Any, Any]) -> Stored:
    return Stored(**{name: row[name] for name in Stored.__annotations__})
