"""Find the tables of a text; markdown-it-py says where they are, our scanner cuts the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from markdown_it import MarkdownIt

from orch_next.errors import DamagedError
from orch_next.ledger import scan
from orch_next.ledger.document import Row, Rows, Table
from orch_next.ledger.skeleton import may_define, thin_out

Severity = Literal["damage", "row", "warning", "note"]

# markdown-it-py ends a table when it has had to invent more cells than this.
_INVENTED_CELLS = 0x10000
_MARKERS = ("<" * 7, ">" * 7, "|" * 7, "=" * 7)


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file; `line` counts from 1; `file` and `record_id` come later.

    Damage blocks writes to the file, a row problem writes to the row (architecture.md).
    """

    code: str
    severity: Severity
    message: str
    line: int
    file: str = ""
    record_id: str = ""


class Source:
    """A document's text, decoded when it is first asked for."""

    def __init__(self, text: str | None = None, data: bytes = b"") -> None:
        self._text, self._data = text, data

    @property
    def text(self) -> str:
        """Return the text."""
        if self._text is None:
            self._text, self._data = self._data.decode(), b""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and self.text == other.text

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Document:
    """A text with its top-level tables and what is wrong with it.

    `conflicts` are the lines of merge conflicts, markers included; within them nothing but
    the conflict is a problem. `fragile`: a link definition above a table may or may not
    swallow it, depending on what the rows hold.
    """

    source: Source
    tables: tuple[Table, ...]
    problems: tuple[Problem, ...]
    conflicts: tuple[range, ...] = ()
    fragile: bool = False

    @property
    def text(self) -> str:
        """Return the whole text."""
        return self.source.text

    @property
    def damage(self) -> tuple[Problem, ...]:
        """Return the problems that forbid every write."""
        return tuple(problem for problem in self.problems if problem.severity == "damage")

    def disputes(self, line: int) -> bool:
        """Tell whether a line stands within a merge conflict."""
        return any(line in lines for lines in self.conflicts)


@dataclass(frozen=True)
class Block:
    """A top-level table (`table`) or lines of text (`text`): line indices [start, end)."""

    kind: Literal["table", "text"]
    start: int
    end: int


def decode(data: bytes, name: str = "") -> str:
    """Decode UTF-8, the BOM stays; raise DamagedError, with the file's name, for other bytes."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f"{name}:{line}: " if name else ""
        raise DamagedError(f"{place}bytes that are not UTF-8") from error


def parse(text: str) -> Document:
    """Read any text; what is odd becomes a problem, never an error."""
    lines = scan.split_lines(text)
    conflicts = _conflicts(lines.texts) if any(mark in text for mark in _MARKERS) else []
    problems = [_conflict(one) for one in conflicts]
    if "\0" in text:
        problems += _nul_characters(lines.texts)
    tables = read_tables(lines)
    for table in tables:
        problems += (p for p in table.problems if not any(p.line in one for one in conflicts))
    problems.sort(key=lambda problem: problem.line)
    built = tuple(table.build() for table in tables)
    fragile = may_define(text)
    return Document(Source(text), built, tuple(problems), tuple(conflicts), fragile)


def read_row(header: str, delimiter: str, raw: str) -> list[str] | None:
    """Return a row's cells as markdown-it-py reads them below its header; None for no row."""
    tokens = _markdown().parse(f"{header}\n{delimiter}\n{raw}")
    if not tokens or tokens[0].type != "table_open" or tokens[0].map != [0, 3]:
        return None
    cells = [token.content for token in tokens if token.type == "inline"]
    return cells[len(cells) // 2 :]


def read_tables(lines: scan.Lines, thin: bool = True) -> list[TableReader]:
    """Read the tables; `thin` saves time and changes nothing."""
    kept = thin_out(lines.texts) if thin else list(range(len(lines.texts)))
    tables: list[TableReader] = []
    for block in _markdown_blocks(lines.texts, kept):
        if block.kind == "table":
            tables.append(TableReader(lines, block))
        elif tables:
            tables[-1].read_apart(block)
    if thin and any(table.invented > _INVENTED_CELLS for table in tables):
        return read_tables(lines, thin=False)
    return tables


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark").enable("table")
    markdown.core.ruler.enableOnly(["normalize", "block"])
    return markdown


def _markdown_blocks(texts: Sequence[str], kept: list[int]) -> Iterator[Block]:
    places = [*kept, len(texts)]
    for token in _markdown().parse("\n".join(texts[index] for index in kept)):
        if token.level or token.map is None or token.nesting < 0:
            continue
        start, end = places[token.map[0]], places[token.map[1]]
        if token.type == "table_open":
            yield Block("table", start, end)
        elif token.type == "paragraph_open":
            yield Block("text", start, end)
        elif token.type == "heading_open" and token.markup in ("=", "-"):
            # Rows that happen to stand above a line of dashes are rows all the same.
            yield Block("text", start, end - 1)


class TableReader:
    """Collect a table's rows and problems, block by block.

    `invented` counts the missing cells; past a limit markdown-it-py ends the table.
    """

    def __init__(self, lines: scan.Lines, block: Block) -> None:
        self._lines = lines
        self.problems: list[Problem] = []
        self._header, self._delimiter = self._row(block.start), self._row(block.start + 1)
        self._names = self._header.values
        self._columns = len(self._names)
        self._named = _count_named(self._names)
        self.invented = 0
        self.all_named = self._named == self._columns
        body = range(block.start + 2, block.end)
        self._rows = [at for at in body if self._is_plain(at) or self._is_row(self._row(at))]
        self._attached = len(self._rows)

    def build(self) -> Table:
        """Return the table as it stands after all blocks were read."""
        lines = [index + 1 for index in self._rows]
        starts = [self._lines.starts[index] for index in self._rows]
        raws = [self._lines.texts[index] for index in self._rows]
        rows = Rows(lines, starts, raws, self._attached)
        return Table(self._header, self._delimiter, rows, self._end())

    def read_apart(self, block: Block) -> None:
        """Take the rows of a block of text behind the table (contract 3.5)."""
        rows = [self._row(index, apart=True) for index in range(block.start, block.end)]
        piped = [row for row in rows if scan.trim(row.raw).startswith("|")]
        for row in piped:
            self._read_row_apart(row, clean=len(piped) == len(rows))

    def _row(self, index: int, apart: bool = False) -> Row:
        return Row(index + 1, self._lines.starts[index], self._lines.texts[index], apart)

    def _is_plain(self, index: int) -> bool:
        return self.all_named and scan.is_plain_row(self._lines.texts[index], self._columns)

    def _is_row(self, row: Row) -> bool:
        cells = scan.count_cells(row.raw)
        self.invented += max(self._columns - cells, 0)
        if not scan.has_pipe(row.raw):
            self._tell(row, "swallowed-text", "row", "text directly under a table")
            return False
        if scan.is_delimiter(row.raw):
            self._tell(row, "extra-delimiter", "row", "a second delimiter row in a table")
            return False
        if cells < self._columns:
            missing = f"{cells} cells where the table has {self._columns}"
            self._tell(row, "missing-cells", "row", missing)
        elif any(row.values[self._named :]):
            self._tell_surplus(row, cells)
        return True

    def _tell_surplus(self, row: Row, cells: int) -> None:
        """Tell of a row whose cells are probably not those of the columns above them."""
        told = "a cell below a column without a name"
        if cells > self._columns:
            told = f"{cells} cells where the table has {self._columns}"
        self._tell(row, "surplus-cells", "row", f"{told}: a pipe without a backslash?")

    def _read_row_apart(self, row: Row, clean: bool) -> None:
        values = row.values
        if values == self._names:
            self._tell(row, "repeated-header", "warning", "the header once more, not a row")
        elif scan.is_delimiter(row.raw):
            self._tell(row, "extra-delimiter", "warning", "a delimiter row without a header")
        elif clean and len(values) == self._columns:
            self._tell(row, "row-apart", "warning", "a row apart from its table")
            self._rows.append(row.line - 1)
        else:
            self._tell(row, "row-misfit", "warning", "looks like a row but fits no table")

    def _tell(self, row: Row, code: str, severity: Severity, message: str) -> None:
        self.problems.append(Problem(code, severity, message, row.line))

    def _end(self) -> int:
        last = self._rows[self._attached - 1] if self._attached else self._delimiter.line - 1
        for index in self._rows[self._attached :]:
            if any(map(scan.trim, self._lines.texts[last + 1 : index])):
                break
            last = index
        return self._row(last).span.end


def _count_named(names: Sequence[str]) -> int:
    """Count the columns up to the last one with a name; formatters add some without."""
    return max((place for place, name in enumerate(names, start=1) if name), default=len(names))


def _conflicts(texts: Sequence[str]) -> list[range]:
    """Return each conflict's lines, counted from 1, and those of markers without a conflict."""
    found: list[range] = []
    opened: list[int] = []
    for number, text in enumerate(texts, start=1):
        mark = text[:7]
        if mark not in _MARKERS or not _is_marker(mark, text[7:], bool(opened)):
            continue
        if opened and mark == ">" * 7:
            found.append(range(opened[0], number + 1))
            opened = []
        elif mark == "<" * 7:
            found += map(_single, opened)
            opened = [number]
        elif opened:
            opened.append(number)
        else:
            found.append(_single(number))
    return [*found, *map(_single, opened)]


def _single(number: int) -> range:
    return range(number, number + 1)


def _conflict(lines: range) -> Problem:
    told = "a merge conflict's marker"
    if len(lines) > 1:
        told = f"a merge conflict, down to line {lines[-1]}"
    return Problem("conflict-marker", "damage", told, lines[0])


def _is_marker(mark: str, rest: str, inside: bool) -> bool:
    if mark == "=" * 7:
        return inside and not rest
    if mark == "|" * 7:
        # Without a label seven pipes are a row of empty cells.
        label = rest.strip()
        return inside if not rest else rest[:1] == " " and bool(label) and "|" not in label
    return rest[:1] == " " or (inside and not rest)


def _nul_characters(texts: Sequence[str]) -> Iterator[Problem]:
    for index, text in enumerate(texts):
        if "\0" in text:
            yield Problem("nul-character", "damage", "NUL characters, a torn save", index + 1)
