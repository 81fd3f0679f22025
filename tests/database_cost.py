"""Test tool: what something costs the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the transactions and the reads of every database of this process."""
    found: Counter[str] = Counter()

    def count(connection: sa.Connection) -> None:
        is_read = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        found["reads" if is_read else "transactions"] += 1

    sa.event.listen(sa.Engine, "begin", count)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "begin", count)
