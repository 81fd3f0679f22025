"""Merge three versions of a ledger: rows by record and cell, everything else line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orch_next.ledger.align import align
from orch_next.ledger.merge_order import Clash, Piece, RowPiece, TextPiece, weave
from orch_next.ledger.merge_side import Identify, Key, Side, decide, read_side
from orch_next.ledger.parser import Document, Problem, parse

__all__ = ["Labels", "Merged", "merge_texts"]


@dataclass(frozen=True)
class Labels:
    """How the two sides are called behind the conflict markers, and the markers' length."""

    ours: str = "ours"
    theirs: str = "theirs"
    size: int = 7


@dataclass(frozen=True)
class Merged:
    """The merged text; `conflicts` are told as problems with the line of their marker.

    `by_record` is False where a side is damaged and all was merged as plain lines.
    """

    text: str
    conflicts: tuple[Problem, ...] = ()
    by_record: bool = True


def merge_texts(
    base: str, ours: str, theirs: str, identify: Identify, labels: Labels | None = None
) -> Merged:
    """Merge two texts that come from `base`; every line of both sides is in the result.

    `identify` says which lines are records. A record that both sides changed in one cell, or
    one changed and the other deleted, stands between conflict markers, and so do lines of
    text around the tables that both changed. A clean result that reads worse than its sides
    is reported as a conflict too.
    """
    if ours in (base, theirs):
        return Merged(theirs)
    if theirs == base:
        return Merged(ours)
    documents = [parse(text) for text in (base, ours, theirs)]
    whole = not any(document.damage for document in documents)
    sides = _read_sides(documents, identify if whole else _no_records)
    merged = _Writer(labels or Labels(), *sides).write()
    if merged.conflicts or not whole:
        return Merged(merged.text, merged.conflicts, whole)
    return Merged(merged.text, tuple(_new_problems(merged.text, documents[1:])))


def _no_records(_document: Document) -> Mapping[int, Key]:
    return {}


def _read_sides(documents: list[Document], identify: Identify) -> list[Side]:
    """Read the sides; rows whose key is there twice, or has cells too many, are mere lines."""
    found = [identify(document) for document in documents]
    unfit = {
        key for keys in found for key, count in _counts(list(keys.values())).items() if count > 1
    }
    for keys, document in zip(found, documents, strict=True):
        surplus = (one.line for one in document.problems if one.code == "surplus-cells")
        unfit |= {keys[line] for line in surplus if line in keys}
    unique = [{line: key for line, key in keys.items() if key not in unfit} for keys in found]
    return [
        read_side(document.text, keys) for document, keys in zip(documents, unique, strict=True)
    ]


def _counts(keys: list[Key]) -> dict[Key, int]:
    counts: dict[Key, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return counts


def _new_problems(text: str, sides: list[Document]) -> list[Problem]:
    """Return what is wrong with the merged text and with neither of its sides."""
    known = {(one.code, _line(side, one)) for side in sides for one in side.problems}
    result = parse(text)
    return [
        problem
        for problem in result.problems
        if (problem.code, _line(result, problem)) not in known
    ]


def _line(document: Document, problem: Problem) -> str:
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[problem.line - 1] if problem.line <= len(lines) else ""


class _Writer:
    """Writes the pieces of a merge one after the other."""

    def __init__(self, labels: Labels, base: Side, ours: Side, theirs: Side) -> None:
        self._labels = labels
        self._base, self._ours, self._theirs = base, ours, theirs
        self._lines: list[tuple[str, str]] = []
        self._conflicts: list[Problem] = []

    def write(self) -> Merged:
        """Return the merged text with its conflicts."""
        hunks = align(self._base.tokens, self._ours.tokens, self._theirs.tokens)
        for piece in weave(list(hunks), self._base, self._ours, self._theirs):
            self._put(piece)
        bom = self._ours.bom if self._theirs.bom == self._base.bom else self._theirs.bom
        return Merged(bom + self._joined(), tuple(self._conflicts))

    def _put(self, piece: Piece) -> None:
        if isinstance(piece, TextPiece):
            self._lines.append((piece.text, piece.eol))
        elif isinstance(piece, RowPiece):
            self._put_row(piece.key)
        else:
            self._put_clash(piece, "both sides changed these lines", "")

    def _put_row(self, key: Key) -> None:
        fate = decide(key, self._base, self._ours, self._theirs)
        if fate.disputed is None:
            if fate.text is not None:
                self._lines.append((fate.text, fate.eol))
            return
        mine, other = ([] if text is None else [(text, fate.eol)] for text in fate.disputed)
        deleted = not mine or not other
        reason = "one side changed and the other deleted" if deleted else "both sides changed"
        self._put_clash(Clash(mine, other), f"{reason} this record, each its own way", str(key))

    def _put_clash(self, clash: Clash, message: str, record: str) -> None:
        size, labels = self._labels.size, self._labels
        self._conflicts.append(
            Problem("merge-conflict", "damage", message, len(self._lines) + 1, record_id=record)
        )
        self._lines += [
            ("<" * size + f" {labels.ours}", ""),
            *clash.ours,
            ("=" * size, ""),
            *clash.theirs,
            (">" * size + f" {labels.theirs}", ""),
        ]

    def _joined(self) -> str:
        """Join the lines; a line in the middle that has no end gets its neighbours'."""
        usual = next((eol for _, eol in self._lines if eol), "\n")
        parts = [f"{text}{eol or usual}" for text, eol in self._lines[:-1]]
        if self._lines:
            text, eol = self._lines[-1]
            parts.append(f"{text}{eol or (usual if self._marked(text) else '')}")
        return "".join(parts)

    def _marked(self, text: str) -> bool:
        return bool(self._conflicts) and text.startswith(">" * self._labels.size)
