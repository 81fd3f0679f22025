"""High-water marks: the highest number ever seen of each id series, kept in the database."""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.core.database import Database, marks_table
from orch_next.core.schema import Snapshot
from orch_next.core.series import Series, highest_numbers
from orch_next.core.view import IdIndex
from orch_next.errors import BusyError

log = logging.getLogger(__name__)
_LONGEST_PREFIX = 200


class Marks:
    """Raises marks and never lowers them; several processes may share one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[str, str], int] = {}
        self._seen: dict[str, set[str]] = {}
        self._noted: dict[str, IdIndex] = {}
        self._lock = threading.Lock()

    def note(self, snapshot: Snapshot[Any]) -> None:
        """Raise the marks to a snapshot's ids; a database that fails is tried next time."""
        kind = snapshot.kind.name
        if self._noted.get(kind) is snapshot.ids:
            return
        ids = set(snapshot.ids.places)
        with self._lock:
            seen = self._seen.setdefault(kind, set())
            highest = highest_numbers(ids - seen)
            seen |= ids
            news = {p: n for p, n in highest.items() if n > self._known.get((kind, p), -1)}
            if not news:
                self._noted[kind] = snapshot.ids
                return
            try:
                with self._database.transaction() as connection:
                    for prefix, number in sorted(news.items()):
                        _raise_mark(connection, kind, prefix, number)
            except BusyError as error:
                log.warning("high-water marks not raised: %s", error)
                self._seen.pop(kind)
                return
            self._known.update({(kind, prefix): number for prefix, number in news.items()})
            self._noted[kind] = snapshot.ids

    def next_id(self, connection: sa.Connection, kind: str, series: Series) -> str:
        """Take the series' next id for good; call it under the ledger's lock."""
        mark = _get_mark(connection, kind, series.prefix)
        number = max(mark, series.number) + 1
        _raise_mark(connection, kind, series.prefix, number)
        return series.id_after(mark)


def _column(prefix: str) -> str:
    # Databases bound a key's length and refuse NUL; a hash stands for such a prefix.
    if len(prefix) <= _LONGEST_PREFIX and "\0" not in prefix:
        return prefix
    return "sha256:" + hashlib.sha256(prefix.encode("utf-8", "surrogatepass")).hexdigest()


def _is_mark(kind: str, prefix: str) -> sa.ColumnElement[bool]:
    return sa.and_(marks_table.c.kind == kind, marks_table.c.prefix == _column(prefix))


def _get_mark(connection: sa.Connection, kind: str, prefix: str) -> int:
    found = connection.scalar(sa.select(marks_table.c.number).where(_is_mark(kind, prefix)))
    return found or 0


def _raise_mark(connection: sa.Connection, kind: str, prefix: str, number: int) -> None:
    values = {"kind": kind, "prefix": _column(prefix), "number": number}
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(marks_table).values(values))
    except IntegrityError:
        lower = sa.and_(_is_mark(kind, prefix), marks_table.c.number < number)
        connection.execute(sa.update(marks_table).where(lower).values(number=number))
