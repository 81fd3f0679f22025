"""In which order the lines of a merge come: aligned hunks become pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from orch_next.ledger.align import Hunk
from orch_next.ledger.merge_row import pick
from orch_next.ledger.merge_side import Key, Side

Lines: TypeAlias = list[tuple[str, str]]  # a line's text and its end


@dataclass(frozen=True)
class TextPiece:
    """A line that is no record."""

    text: str
    eol: str


@dataclass(frozen=True)
class RowPiece:
    """A record's place; what becomes of its line is decided elsewhere."""

    key: Key


@dataclass(frozen=True)
class Clash:
    """Lines that disagree; `keys` are the records that need no other place."""

    ours: Lines
    theirs: Lines
    keys: frozenset[Key] = field(default=frozenset())


Piece: TypeAlias = TextPiece | RowPiece | Clash


def weave(hunks: Sequence[Hunk], base: Side, ours: Side, theirs: Side) -> list[Piece]:
    """Return the pieces in order; each record of either side has one place."""
    weaver = _Weaver(base, ours, theirs)
    pieces = [piece for hunk in hunks for piece in weaver.pieces(hunk)]
    return weaver.placed_once(pieces)


class _Weaver:
    def __init__(self, base: Side, ours: Side, theirs: Side) -> None:
        self._base, self._ours, self._theirs = base, ours, theirs

    def pieces(self, hunk: Hunk) -> Iterator[Piece]:
        """Yield one hunk's pieces."""
        if hunk.stable:
            yield from map(self._stable, hunk.base, hunk.ours, hunk.theirs)
            return
        was = self._base.tokens[hunk.base.start : hunk.base.stop]
        mine = self._ours.tokens[hunk.ours.start : hunk.ours.stop]
        other = self._theirs.tokens[hunk.theirs.start : hunk.theirs.stop]
        if mine in (was, other):
            yield from _side_pieces(self._theirs, hunk.theirs)
        elif other == was:
            yield from _side_pieces(self._ours, hunk.ours)
        else:
            yield from self._both(hunk)

    def _stable(self, base: int, ours: int, theirs: int) -> Piece:
        if ours in self._ours.keys:
            return RowPiece(self._ours.keys[ours])
        ends = self._base.eols[base], self._ours.eols[ours], self._theirs.eols[theirs]
        eol = pick(*ends)
        return TextPiece(self._ours.texts[ours], ends[1] if eol is None else eol)

    def _both(self, hunk: Hunk) -> Iterator[Piece]:
        """Both sides changed the hunk: where only one touched the text, its text is taken."""
        mine = list(_side_pieces(self._ours, hunk.ours))
        other = list(_side_pieces(self._theirs, hunk.theirs))
        texts = [_texts(side, lines) for side, lines in self._sides(hunk)]
        if pick_lines(*texts) == "ours":
            yield from _with_rows(mine, other, self._is_new)
        elif pick_lines(*texts) == "theirs":
            yield from _with_rows(other, mine, self._is_new)
        else:
            yield from self._clash(mine, other)

    def _sides(self, hunk: Hunk) -> tuple[tuple[Side, range], ...]:
        return (
            (self._base, hunk.base),
            (self._ours, hunk.ours),
            (self._theirs, hunk.theirs),
        )

    def _is_new(self, key: Key) -> bool:
        return key not in self._base.rows

    def _clash(self, mine: list[Piece], other: list[Piece]) -> Iterator[Piece]:
        rows, mine_left = _leading_rows(mine)
        more, other_left = _leading_rows(other)
        yield from _with_rows(rows, more, self._is_new)
        head = _common_head(mine_left, other_left)
        tail = _common_head(mine_left[head:][::-1], other_left[head:][::-1])
        yield from mine_left[:head]
        left = mine_left[head : len(mine_left) - tail]
        right = other_left[head : len(other_left) - tail]
        keys = frozenset(filter(self._told_by_one, _keys(left) ^ _keys(right)))
        keys |= _keys(left) & _keys(right)
        yield Clash(_lines(self._ours, left), _lines(self._theirs, right), keys)
        yield from mine_left[len(mine_left) - tail :]

    def _told_by_one(self, key: Key) -> bool:
        """Tell whether the record's line on one side says all there is to say."""
        lines = self._ours.text_of(key), self._theirs.text_of(key)
        return None in lines or lines[0] == lines[1]

    def placed_once(self, pieces: list[Piece]) -> list[Piece]:
        """Drop second places of a record and give lost ones a place beside a neighbour."""
        placed = {key for piece in pieces if isinstance(piece, Clash) for key in piece.keys}
        kept: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, RowPiece):
                if piece.key in placed:
                    continue
                placed.add(piece.key)
            kept.append(piece)
        for side in (self._ours, self._theirs):
            for key in side.rows:
                if key not in placed:
                    kept.insert(_place(kept, side, key), RowPiece(key))
                    placed.add(key)
        return kept


def pick_lines(base: list[str], ours: list[str], theirs: list[str]) -> str | None:
    """Return the side whose lines are to be taken; None when both changed them."""
    if ours == theirs or theirs == base:
        return "ours"
    return "theirs" if ours == base else None


def _side_pieces(side: Side, lines: range) -> Iterator[Piece]:
    for index in lines:
        if index in side.keys:
            yield RowPiece(side.keys[index])
        else:
            yield TextPiece(side.texts[index], side.eols[index])


def _texts(side: Side, lines: range) -> list[str]:
    tokens = side.tokens[lines.start : lines.stop]
    return [token for token in tokens if isinstance(token, str)]


def _keys(pieces: list[Piece]) -> frozenset[Key]:
    return frozenset(piece.key for piece in pieces if isinstance(piece, RowPiece))


def _leading_rows(pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    count = next((i for i, p in enumerate(pieces) if not isinstance(p, RowPiece)), len(pieces))
    return pieces[:count], pieces[count:]


def _with_rows(
    skeleton: list[Piece], other: list[Piece], is_new: Callable[[Key], bool]
) -> list[Piece]:
    """Return the skeleton with the other side's rows, each behind the row it follows there."""
    result = list(skeleton)
    placed = {piece.key for piece in skeleton if isinstance(piece, RowPiece)}
    at = 0
    for piece in other:
        if not isinstance(piece, RowPiece):
            continue
        if piece.key in placed:
            at = result.index(piece) + 1
            continue
        while at < len(result) and _is_new_row(result[at], is_new):
            at += 1
        result.insert(at, piece)
        placed.add(piece.key)
        at += 1
    return result


def _is_new_row(piece: Piece, is_new: Callable[[Key], bool]) -> bool:
    return isinstance(piece, RowPiece) and is_new(piece.key)


def _common_head(one: list[Piece], other: list[Piece]) -> int:
    pairs = zip(one, other, strict=False)
    different = (i for i, (left, right) in enumerate(pairs) if _token(left) != _token(right))
    return next(different, min(len(one), len(other)))


def _token(piece: Piece) -> Key:
    return piece.text if isinstance(piece, TextPiece) else piece


def _lines(side: Side, pieces: list[Piece]) -> Lines:
    """Return pieces of a clash as the side has them."""
    lines: Lines = []
    for piece in pieces:
        if isinstance(piece, TextPiece):
            lines.append((piece.text, piece.eol))
        elif isinstance(piece, RowPiece):  # pragma: no branch - a clash holds no other clash
            lines.append((side.text_of(piece.key) or "", side.eol_of(piece.key) or ""))
    return lines


def _place(pieces: list[Piece], side: Side, key: Key) -> int:
    """Return where a lost record goes: behind what precedes it on its side, else at the end."""
    index = side.rows[key]
    wanted = side.keys.get(index - 1)
    for place, piece in enumerate(pieces):
        if isinstance(piece, RowPiece) and wanted is not None and piece.key == wanted:
            return place + 1
        if wanted is None and isinstance(piece, TextPiece) and piece.text == side.texts[index - 1]:
            return place + 1
    return len(pieces)
