"""One ledger file on its way: read, given a table, joined with the other root, renamed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orch_next.core.schema import EMPTY, LedgerKind, Record
from orch_next.errors import InputError, RowError
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.told import blocker, info, problem, warning
from orch_next.migrate.settings.tree import place
from orch_next.migrate.state.dialect import in_dialect
from orch_next.migrate.state.encodings import decode_ledger
from orch_next.migrate.state.ledger_text import LedgerText, read_ledger_text
from orch_next.migrate.state.roots import Difference, Roots, join
from orch_next.migrate.state.sections import Section
from orch_next.migrate.state.to_table import SIDECAR, convert_sections
from orch_next.migrate.state.words import BLOCKING


@dataclass(frozen=True)
class Moved:
    """A ledger as it shall be; `origin` is the file it comes from, `data` its new bytes.

    `ledger` and `source` are the new and the old text; None where nobody can decode it.
    """

    kind: LedgerKind[Any]
    origin: Path
    before: bytes
    data: bytes
    ledger: LedgerText | None = None
    source: LedgerText | None = None
    findings: tuple[Finding, ...] = ()
    differences: tuple[Difference, ...] = ()
    added: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    sidecar: str = ""
    transcoded: bool = False

    @property
    def changed(self) -> bool:
        """Tell whether the bytes are others than the origin's."""
        return self.data != self.before

    def telling(self, *findings: Finding) -> Moved:
        """Return the same with more to tell."""
        return replace(self, findings=(*self.findings, *findings))


@dataclass(frozen=True)
class Report:
    """What a ledger's records amount to, so that it can be compared after the move."""

    count: int
    sha256: str
    by_status: dict[str, int] = field(default_factory=dict)


def summarise(records: Iterable[Record]) -> Report:
    """Return count and hash of records in order, whatever their rows' padding."""
    listed = [record.as_json() for record in records]
    text = json.dumps(listed, ensure_ascii=False, sort_keys=True)
    statuses = Counter(str(one.get("status", "")) for one in listed)
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Report(len(listed), sha256, dict(sorted(statuses.items())))


def move_ledger(house: House, roots: Roots, kind: LedgerKind[Any]) -> Moved | None:
    """Return one ledger's way; None where no root has the file."""
    folders = [folder for folder in (roots.main, *roots.others) if folder is not None]
    present = [folder / kind.file_name for folder in folders]
    present = [path for path in present if path.is_file()]
    said = [path for path in present if path.read_bytes().strip(b"\xef\xbb\xbf \t\r\n")]
    if not present:
        return None
    first = (said or present)[0]
    moved = _read(house, kind, first)
    if roots.main is not None and first.parent != roots.main:
        moved = moved.telling(_from_other_root(house, kind, first))
    if moved.ledger is None or any(one.severity == "blocker" for one in moved.findings):
        return moved
    moved = _with_table(house, moved)
    for path in said[1:]:
        moved = _joined(house, moved, path)
    return _finished(house, moved)


def _read(house: House, kind: LedgerKind[Any], path: Path) -> Moved:
    data, where = path.read_bytes(), place(house.source, path)
    moved = Moved(kind, path, data, data)
    decoded = decode_ledger(kind, data)
    if decoded is None:
        english = f"{path.name} is neither UTF-8 nor UTF-16 nor a CP932 ledger: convert it first"
        japanese = f"{path.name} の文字コードが判別できません。先に UTF-8 へ変換してください"
        return moved.telling(blocker("not-utf-8", where, english, japanese))
    text, encoding = decoded
    ledger = read_ledger_text(kind, text)
    moved = replace(moved, ledger=ledger, source=ledger)
    if encoding == "utf-8":
        return moved
    english = f"{path.name} was {encoding} and becomes UTF-8; the old bytes are kept"
    japanese = f"{path.name} を {encoding} から UTF-8 に変換します(元のバイト列も残します)"
    told = warning("ledger-transcoded", where, english, japanese)
    return replace(moved, transcoded=True).telling(told)


def _from_other_root(house: House, kind: LedgerKind[Any], path: Path) -> Finding:
    english = f"ORCH/STATE has no {kind.file_name}: the other root's file is taken"
    japanese = f"ORCH/STATE に {kind.file_name} がないため、もう一方のファイルを使います"
    return warning("other-root-only", place(house.source, path), english, japanese)


def _with_table(house: House, moved: Moved) -> Moved:
    """Turn sections into rows where that was asked for (docs/migration-state.md)."""
    assert moved.ledger is not None  # noqa: S101
    where = place(house.source, moved.origin)
    if not house.options.sections or moved.ledger.tables:
        return moved.telling(*_left_sections(moved.ledger, where))
    try:
        converted = convert_sections(moved.ledger)
    except (InputError, RowError) as error:
        english = f"a section cannot become a row: {error}"
        japanese = f"表の行にできない見出しがあります: {error}"
        return moved.telling(blocker("section-refused", where, english, japanese))
    if converted is None:
        return moved
    count = len(converted.sections)
    english = f"{count} tasks under headings become rows of a table"
    japanese = f"見出しで書かれた {count} 件のタスクを表の行にします"
    told = [warning("sections-converted", where, english, japanese)]
    for one in converted.sections:
        told += _told_section(one, place(house.source, moved.origin, one.start + 1))
    return replace(
        moved, ledger=converted.ledger, sections=converted.sections, sidecar=converted.sidecar
    ).telling(*told)


def _left_sections(ledger: LedgerText, where: str) -> Iterator[Finding]:
    """Tell that tasks under headings stay so, and what makes a table of them."""
    count = sum(record.read_only for record in ledger.records)
    if count and ledger.tables:
        english = f"{count} tasks under headings stay beside the table; they are only read"
        japanese = f"見出しで書かれた {count} 件は表の隣に残り、読むだけです"
        yield warning("sections-left", where, english, japanese)
    elif count:
        english = f"{count} tasks are headings with bullets, which are only read: --sections makes "
        english += "a table of them"
        japanese = f"{count} 件が見出しと箇条書きで、読むだけです。--sections で表にできます"
        yield warning("sections-left", where, english, japanese)


def _told_section(one: Section, where: str) -> Iterator[Finding]:
    key = one.fields["id"]
    english = f"{key} becomes a row: {one.fields['status']}, {one.fields['title']}"
    japanese = f"{key} を表の行にします: {one.fields['status']}、{one.fields['title']}"
    yield info("section-row", where, english, japanese)
    if one.rest:
        english = f"{key}: lines that no cell holds go to STATE/{SIDECAR}"
        japanese = f"{key}: 表に入らない行は STATE/{SIDECAR} に移します"
        yield info("section-rest", where, english, japanese)


def _joined(house: House, moved: Moved, path: Path) -> Moved:
    """Put in what another root has (D01)."""
    other = _read(house, moved.kind, path)
    ours, theirs = moved.ledger, other.ledger
    where = place(house.source, path)
    if ours is None or theirs is None or _is_blocked(theirs):
        english = f"{where} is damaged and was not compared; it is kept as it is"
        japanese = f"{where} は壊れているため比較していません(そのまま残します)"
        return moved.telling(problem("other-root-damaged", where, english, japanese))
    joined = join(ours, theirs)
    told = [_told(house, moved, path, one) for one in joined.differences]
    for key, reason in joined.left:
        english = f"{key} of the other root was not taken: {reason}"
        japanese = f"もう一方の {key} は取り込みませんでした: {reason}"
        line = next((one.line for one in theirs.records if one.key == key), 0)
        told.append(problem("other-root-left", place(house.source, path, line), english, japanese))
    return replace(
        moved,
        ledger=joined.ledger,
        differences=(*moved.differences, *joined.differences),
        added=(*moved.added, *joined.added),
    ).telling(*told)


def _told(house: House, moved: Moved, path: Path, one: Difference) -> Finding:
    where = place(house.source, path, one.other_line)
    if not one.column:
        english = f"{one.record_id} is only in the other root: added behind the last row"
        japanese = f"{one.record_id} はもう一方にだけあるため、最後の行の後に加えます"
        return warning("other-root-added", where, english, japanese)
    ours = place(house.source, moved.origin, one.orch_line)
    both = f"{one.orch!r} ({ours}) / {one.other!r} ({where})"
    if one.taken == "other":
        english = f"{one.record_id} {one.column}: {both}: decided there later, taken"
        japanese = f"{one.record_id} {one.column}: {both}: 後からの決裁なので採用します"
        return warning("roots-disagree", where, english, japanese)
    english = f"{one.record_id} {one.column}: {both}: ORCH's value is kept"
    japanese = f"{one.record_id} {one.column}: {both}: ORCH 側の値を残します"
    return problem("roots-disagree", where, english, japanese)


def _is_blocked(ledger: LedgerText) -> bool:
    return any(one.code in BLOCKING for one in ledger.problems)


def _finished(house: House, moved: Moved) -> Moved:
    """Rename columns if asked, and prove that no record of the source is missing."""
    assert moved.ledger is not None  # noqa: S101
    if _is_blocked(moved.ledger):
        return moved
    ledger = in_dialect(moved.ledger, house.options.dialect)
    moved = replace(moved, ledger=ledger, data=ledger.text.encode("utf-8"))
    lost = _lost(moved)
    if lost:
        names = ", ".join(lost)
        where = place(house.source, moved.origin)
        english, japanese = f"records would be lost: {names}", f"失われる記録があります: {names}"
        return moved.telling(blocker("record-lost", where, english, japanese))
    return moved


def _lost(moved: Moved) -> list[str]:
    """Return ids of the source's rows that are not in the result with the same cells."""
    source = moved.source.records if moved.source else ()
    result = Counter(_cells(one) for one in (moved.ledger.records if moved.ledger else ()))
    decided = {one.record_id for one in moved.differences if one.taken == "other"}
    wanted = Counter(_cells(one) for one in source if not one.read_only and one.key not in decided)
    lost = [json.loads(cells) for cells in wanted - result]
    keys = {one.key for one in moved.ledger.records} if moved.ledger else set()
    sections = [one.key for one in source if one.read_only and one.key not in keys]
    return sorted({str(one[moved.kind.id_column]) for one in lost} | set(sections))


def _cells(record: Record) -> str:
    return json.dumps({k: v or EMPTY for k, v in record.as_json().items()}, sort_keys=True)
