"""The store as a state machine: our writes, outside edits, crashes at any system call."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from orch_next.errors import InputError, LedgerError, UncertainError
from orch_next.ledger.document import AddRow, CellChange, SetCell, apply_edits, plan_edits
from orch_next.ledger.parser import parse
from orch_next.ledger.swap import compare_and_replace, swap
from tests.ledger_disks import KINDS, FaultyDisk, Killed, fast_folder, save_by_rename, save_in_place
from tests.ledger_plain import PlainLedger, Tables
from tests.ledger_samples import NASTY, WORDS

VALUES = st.sampled_from([word for word in WORDS + NASTY if word.isprintable()])
START = "# 台帳\n\n| id | 題名 | 状態 |\n|---|---|---|\n| 1 | 一 | READY |\n"


class Store(RuleBasedStateMachine):
    """`text` is what the file must hold; None would be a lost ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.exit = contextlib.ExitStack()
        self.folder = self.exit.enter_context(fast_folder())
        self.path = self.folder / "TASKS.md"
        self.text = START
        self.path.write_bytes(START.encode())

    def teardown(self) -> None:
        self.exit.close()

    def _asked(self, document: Tables, row: int, column: int, value: str) -> list[CellChange]:
        table = document.tables[0]
        if row >= len(table.rows):
            return [AddRow(table, [str(len(table.rows) + 1), value, "PLAN"])]
        return [SetCell(table.rows[row], column, value)]

    def _write(self, row: int, column: int, value: str, ledger: PlainLedger) -> None:
        ledger.write(lambda document: self._asked(document, row, column, value))

    def _after(self, row: int, column: int, value: str) -> str:
        document = Tables(parse(self.text).tables)
        edits = plan_edits(self.text, self._asked(document, row, column, value))
        return apply_edits(self.text, edits)

    @rule(
        row=st.integers(0, 6),
        column=st.integers(0, 2),
        value=VALUES,
        how=st.sampled_from([swap, compare_and_replace]),
    )
    def write(self, row: int, column: int, value: str, how: Any) -> None:
        try:
            self._write(row, column, value, PlainLedger(self.path, swap=how))
        except (InputError, LedgerError):
            return
        self.text = self._after(row, column, value)

    @rule(
        row=st.integers(0, 6),
        value=VALUES,
        at=st.integers(0, 25),
        kind=st.sampled_from(KINDS),
        how=st.sampled_from([swap, compare_and_replace]),
    )
    def crash(self, row: int, value: str, at: int, kind: str, how: Any) -> None:
        disk = FaultyDisk(at, kind)
        ledger = PlainLedger(self.path, swap=how, disk=disk)
        try:
            self._write(row, 1, value, ledger)
        except (Killed, UncertainError):
            left = self.path.read_bytes().decode()
            assert left in (self.text, self._after(row, 1, value))
            self.text = left
        except LedgerError:
            return
        else:
            self.text = self._after(row, 1, value)
        finally:
            disk.let_go()

    @rule(word=VALUES, save=st.sampled_from([save_by_rename, save_in_place]))
    def edit_outside(self, word: str, save: Any) -> None:
        title, rest = self.text.split("\n", 1)
        self.text = f"# 台帳 {word}\n{rest}" if title else self.text
        save(self.path, self.text)()

    @rule(save=st.sampled_from([save_by_rename, save_in_place]))
    def turn_line_ends(self, save: Any) -> None:
        turned = self.text.replace("\r\n", "\n")
        self.text = turned if "\r" in self.text else turned.replace("\n", "\r\n")
        save(self.path, self.text)()

    @invariant()
    def the_file_is_what_it_must_be(self) -> None:
        assert self.path.read_bytes().decode() == self.text
        assert list(self.folder.glob("*.conflict-*")) == []


Store.TestCase.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestStore = Store.TestCase
