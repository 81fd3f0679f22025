"""A ledger as it stands in its file: the whole text, or the table that people export."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from orch_next.core.disagree import find_disagreements
from orch_next.core.kinds import KINDS, LedgerKind
from orch_next.core.reading import read_ledger
from orch_next.core.schema import Snapshot
from orch_next.core.state import State
from orch_next.errors import DamagedError
from orch_next.ledger.file import LedgerFile, digest
from orch_next.ledger.parser import Problem, decode, parse

# How often to look again when the file changes between the look and the read.
_TRIES = 3


@dataclass(frozen=True)
class LedgerText:
    """A file's text and what is known about it; no text and no digest when it is missing.

    `problems` are those of the snapshot, those between files, and where text and rows disagree.
    """

    snapshot: Snapshot[Any]
    text: str
    digest: str
    problems: tuple[Problem, ...] = ()


def read_text(state: State, kind: LedgerKind[Any]) -> LedgerText:
    """Read a ledger whatever its state; bytes that are not UTF-8 become U+FFFD."""
    file = LedgerFile(state.folder / kind.file_name)
    for _ in range(_TRIES):
        snapshot = state.look(kind)
        try:
            data = file.read()
        except OSError:
            # Missing or unreadable: the snapshot's problems say which.
            return LedgerText(snapshot, "", "", _problems(state, kind, ""))
        found = LedgerText(snapshot, data.decode("utf-8", "replace"), digest(data))
        if snapshot.stale or snapshot.digest == found.digest:
            break
    return replace(found, problems=_problems(state, kind, found.text))


def _problems(state: State, kind: LedgerKind[Any], text: str) -> tuple[Problem, ...]:
    told = [problem for problem in state.problems() if problem.file == kind.file_name]
    told += find_disagreements(kind, text, [state.look(one) for one in KINDS])
    return tuple(sorted(told, key=lambda problem: problem.line))


def table_text(state: State, kind: LedgerKind[Any]) -> str:
    """Return the ledger's own table, raw, with the file's line ends; "" without a table.

    Raise DamagedError: a damaged file's table cannot be told for sure.
    """
    snapshot = state.look(kind)
    if snapshot.damage:
        problem = snapshot.damage[0]
        raise DamagedError(f"{problem.file}:{problem.line}: {problem.message}")
    if snapshot.missing:
        return ""
    document = parse(decode(LedgerFile(state.folder / kind.file_name).read()))
    tables = [ledger.table for ledger in read_ledger(kind, document).tables]
    ends = [(table.rows or (table.delimiter,))[-1].span.end for table in tables]
    pieces = [
        document.text[table.header.start : end] for table, end in zip(tables, ends, strict=True)
    ]
    return "".join(f"{piece}\n" for piece in pieces)
