"""What happened: one immutable change, as the journal stores it and clients hear it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Who:
    """The author of a change: name, role (CMD, WORK, AUDIT or -), and where it came from.

    `source` is `http`, `cli`, `outside` or `dispatcher`; `claimed` says that nothing
    proved the name (no token authentication).
    """

    actor: str
    role: str = "-"
    source: str = "http"
    claimed: bool = True


OUTSIDE = Who(actor="outside", role="-", source="outside")


@dataclass(frozen=True)
class Change:
    """One record before and after; `before` is None for a new one, `after` for a gone one.

    `kind` is `task`, `approval` or `milestone`; `event` a past-tense name such as
    `task_promoted`; `at` is aware UTC; rows are the JSON objects that clients know
    (contract 0.2); revisions are those of the ledger rows; `payload_sha256` is the
    sha256 of what the caller asked for, empty for outside edits; `line_before` and
    `raw_before` are the row's line in the file before, for undo.
    """

    kind: str
    event: str
    record_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    rev_before: str | None
    rev_after: str | None
    at: datetime
    who: Who
    details: dict[str, Any]
    payload_sha256: str = ""
    line_before: int = field(default=0, compare=False)
    raw_before: str = field(default="", compare=False, repr=False)


Publish = Callable[[Change], object]
# Stores changes together and returns their numbers; None where it has none (yet).
Record = Callable[[Sequence[Change]], Sequence[int | None]]


def publish_nothing(_change: Change) -> None:
    """Tell nobody; the default where no hub is attached."""


def record_nothing(changes: Sequence[Change]) -> Sequence[int | None]:
    """Store nothing; the default where no journal is attached."""
    return [None] * len(changes)


def hash_payload(values: Mapping[str, Any]) -> str:
    """Return the sha256 of a request's values, independent of their order."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
