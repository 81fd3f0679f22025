from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orch_next.core.merging import merge_ledger
from orch_next.core.schema import TASK, load_snapshot
from orch_next.ledger.merge_row import merge_row
from orch_next.ledger.merge_text import Labels
from tests.ledger_text import TASK_NAMES, line, task_row, task_table

BASE = "# 台帳\n\n" + task_table("001", "002", "003") + "\n## 状態\n\n説明の文\n"


def merge(base: str, ours: str, theirs: str) -> tuple[str, list[tuple[int, str]]]:
    """Return the merged text and the conflicts' lines and records."""
    data, merged = merge_ledger(base.encode(), ours.encode(), theirs.encode())
    return data.decode(), [(one.line, one.record_id) for one in merged.conflicts]


def cells(text: str) -> dict[str, dict[str, object]]:
    return {task.id: task.as_json() for task in load_snapshot(TASK, text.encode()).records}


def in_row(text: str, task_id: str, old: str, new: str) -> str:
    """Replace `old` in one row of a text."""
    lines = text.split("\n")
    place = next(i for i, one in enumerate(lines) if one.startswith(f"| {task_id} |"))
    assert old in lines[place]
    lines[place] = lines[place].replace(old, new, 1)
    return "\n".join(lines)


def test_different_cells_of_one_row_merge() -> None:
    ours, theirs = in_row(BASE, "002", "READY", "DOING"), in_row(BASE, "002", "確認", "C:\\証跡\\")
    assert merge(BASE, ours, theirs) == (in_row(ours, "002", "確認", "C:\\証跡\\"), [])


def test_the_same_cell_is_a_conflict_around_this_row_only() -> None:
    ours = in_row(in_row(BASE, "002", "READY", "DOING"), "001", "確認", "我々")
    theirs = in_row(in_row(BASE, "002", "READY", "HOLD"), "003", "確認", "彼ら")
    text, conflicts = merge(BASE, ours, theirs)
    rows = [
        task_row("001").replace("確認", "我々"),
        *("<<<<<<< ours\n", task_row("002", status="DOING"), "=======\n"),
        *(task_row("002", status="HOLD"), ">>>>>>> theirs\n"),
        task_row("003").replace("確認", "彼ら"),
    ]
    assert (text, conflicts) == (
        BASE.replace("".join(map(task_row, ("001", "002", "003"))), "".join(rows)),
        [(6, "task 002")],
    )


def test_equal_edits_on_both_sides_merge() -> None:
    both = in_row(BASE, "002", "READY", "DOING")
    ours, theirs = in_row(both, "001", "確認", "甲"), in_row(both, "003", "確認", "乙")
    assert merge(BASE, ours, theirs) == (in_row(ours, "003", "確認", "乙"), [])


def test_rows_added_on_both_sides_are_kept_ours_first() -> None:
    last = task_row("003")
    ours, theirs = (BASE.replace(last, last + task_row(new)) for new in ("004", "005"))
    wanted = BASE.replace(last, last + task_row("004") + task_row("005"))
    assert merge(BASE, ours, theirs) == (wanted, [])


def test_rows_added_at_the_end_of_a_file_without_a_newline() -> None:
    base = task_table("001").rstrip("\n")
    ours, theirs = (base + "\n" + task_row(new).rstrip("\n") for new in ("002", "003"))
    assert merge(base, ours, theirs) == (task_table("001", "002", "003").rstrip("\n"), [])


def test_two_new_rows_with_one_id_are_a_conflict() -> None:
    last = task_row("003")
    ours, theirs = (BASE.replace(last, last + task_row("004", title)) for title in ("甲", "乙"))
    text, conflicts = merge(BASE, ours, theirs)
    assert conflicts == [(8, "task 004")]
    assert task_row("004", "甲") in text
    assert task_row("004", "乙") in text


def test_a_new_row_beside_an_edit_and_a_deletion() -> None:
    ours = in_row(BASE.replace(task_row("001"), ""), "003", "READY", "FIX")
    theirs = BASE.replace(task_row("003"), task_row("003") + task_row("009"))
    wanted = in_row(theirs.replace(task_row("001"), ""), "003", "READY", "FIX")
    assert merge(BASE, ours, theirs) == (wanted, [])


@pytest.mark.parametrize("deleter_first", [True, False])
def test_deleted_here_and_changed_there_is_a_conflict(deleter_first: bool) -> None:
    sides = [BASE.replace(task_row("002"), ""), in_row(BASE, "002", "READY", "DOING")]
    text, conflicts = merge(BASE, *(sides if deleter_first else sides[::-1]))
    assert conflicts == [(6, "task 002")]
    assert task_row("002", status="DOING") in text


def test_the_only_row_deleted_here_and_changed_there_stays_below_its_header() -> None:
    base = task_table("001") + "\n文\n"
    theirs = in_row(base, "001", "READY", "DOING")
    text, conflicts = merge(base, base.replace(task_row("001"), ""), theirs)
    assert conflicts == [(3, "task 001")]
    assert text.endswith(task_row("001", status="DOING") + ">>>>>>> theirs\n\n文\n")


def test_a_moved_row_keeps_the_other_sides_edit() -> None:
    moved = BASE.replace(task_row("001"), "").replace(
        task_row("003"), task_row("003") + task_row("001")
    )
    edited = in_row(BASE, "001", "READY", "DONE")
    assert merge(BASE, moved, edited) == (in_row(moved, "001", "READY", "DONE"), [])
    assert merge(BASE, edited, moved) == (in_row(moved, "001", "READY", "DONE"), [])


def test_text_around_the_table_merges_by_lines() -> None:
    ours = BASE.replace("# 台帳", "# 作業の台帳")
    theirs = in_row(BASE, "003", "READY", "DONE").replace("説明の文", "新しい説明")
    assert merge(BASE, ours, theirs) == (theirs.replace("# 台帳", "# 作業の台帳"), [])


def test_text_that_both_changed_is_a_conflict_and_rows_still_merge() -> None:
    ours = in_row(BASE.replace("説明の文", "甲の文"), "001", "READY", "DONE")
    theirs = in_row(BASE.replace("説明の文", "乙の文"), "003", "READY", "DONE")
    text, conflicts = merge(BASE, ours, theirs)
    assert conflicts == [(11, "")]
    rows = in_row(in_row(BASE, "001", "READY", "DONE"), "003", "READY", "DONE")
    clash = "<<<<<<< ours\n甲の文\n=======\n乙の文\n>>>>>>> theirs"
    assert text == rows.replace("説明の文", clash)


def test_a_row_and_text_below_it_on_one_side_a_row_on_the_other() -> None:
    last = task_row("003")
    ours = BASE.replace(last, last + task_row("004") + "\n追記\n")
    theirs = BASE.replace(last, last + task_row("005"))
    wanted = BASE.replace(last, last + task_row("004") + task_row("005") + "\n追記\n")
    assert merge(BASE, ours, theirs) == (wanted, [])


def test_line_ends_and_the_mark_are_merged_like_content() -> None:
    ours = "\ufeff" + BASE.replace("\n", "\r\n")
    theirs = in_row(BASE, "002", "READY", "DOING")
    wanted = "\ufeff" + theirs.replace("\n", "\r\n")
    assert merge(BASE, ours, theirs) == (wanted, [])


def test_another_padding_is_no_edit() -> None:
    ours = BASE.replace("| 002 | 統合テスト |", "|  002  | 統合テスト      |")
    theirs = in_row(BASE, "002", "統合テスト", "総合試験")
    text, conflicts = merge(BASE, ours, theirs)
    assert (conflicts, "|  002  | 総合試験 |" in text) == ([], True)


def test_a_row_that_would_lack_a_cell_under_the_new_header_is_told() -> None:
    names = [*TASK_NAMES, "優先度"]
    ours = line(names) + line("---" for _ in names) + task_row("001")[:-1] + " 高 |\n"
    theirs = task_table("001", "002")
    data, merged = merge_ledger(task_table("001").encode(), ours.encode(), theirs.encode())
    assert [(one.code, one.line) for one in merged.conflicts] == [("missing-cells", 4)]
    assert data.decode() == ours + task_row("002")


def test_duplicate_ids_are_never_paired() -> None:
    base = task_table("001", "001")
    ours = base.replace("READY", "DOING", 1)
    theirs = base.replace("READY", "HOLD", 1)
    assert merge(base, ours, theirs)[1] == [(3, "")]


def test_bytes_that_are_not_utf8_go_through_unchanged() -> None:
    base = b"# a\n\x82\xa0\nb\n\nc\n"
    ours, theirs = base.replace(b"# a", b"# \xff"), base.replace(b"c\n", b"d\x00\n")
    data, merged = merge_ledger(base, ours, theirs)
    assert (data, merged.by_record) == (b"# \xff\n\x82\xa0\nb\n\nd\x00\n", False)
    assert merged.conflicts == ()


def test_an_unfinished_merge_is_merged_as_lines() -> None:
    base = BASE + "<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n"
    ours, theirs = in_row(base, "001", "READY", "DONE"), in_row(base, "001", "確認", "済")
    _, merged = merge_ledger(base.encode(), ours.encode(), theirs.encode())
    assert (merged.by_record, len(merged.conflicts)) == (False, 1)


def test_markers_have_the_length_that_git_asks_for() -> None:
    labels = Labels("main", "topic", 9)
    sides = (in_row(BASE, "001", "READY", status) for status in ("DONE", "DROP"))
    ours, theirs = (side.encode() for side in sides)
    data, _ = merge_ledger(BASE.encode(), ours, theirs, labels)
    assert b"<<<<<<<<< main\n" in data
    assert b">>>>>>>>> topic\n" in data


def test_a_row_merge_refuses_what_would_read_back_otherwise() -> None:
    assert merge_row("| a | b", "| x | b\\", "| a | b |") is None


def test_the_same_new_value_with_another_padding_is_no_conflict() -> None:
    assert merge_row("| a | x |", "| b | y |", "| b  | x |") == "| b | y |"


def test_a_row_that_both_moved_is_there_once() -> None:
    one, two, three = (task_row(task_id) for task_id in ("001", "002", "003"))
    ours, theirs = (
        BASE.replace(one + two + three, x) for x in (two + one + three, two + three + one)
    )
    assert merge(BASE, ours, theirs) == (ours, [])


def test_new_rows_stay_outside_the_conflict_of_the_text_below_them() -> None:
    base = task_table("001") + "\n説明\n"
    old = "\n説明\n"
    ours = base.replace(old, task_row("002") + "\n甲\n共通\n")
    theirs = base.replace(old, task_row("003") + "\n乙\n共通\n")
    text, conflicts = merge(base, ours, theirs)
    clash = "\n<<<<<<< ours\n甲\n=======\n乙\n>>>>>>> theirs\n共通\n"
    assert (text, conflicts) == (task_table("001", "002", "003") + clash, [(7, "")])


def test_rows_and_text_without_a_line_in_common() -> None:
    base = task_table("001")
    ours = base + task_row("002") + "\n甲\n"
    theirs = base + task_row("003") + "\n乙\n"
    text, conflicts = merge(base, ours, theirs)
    clash = "\n<<<<<<< ours\n甲\n=======\n乙\n>>>>>>> theirs\n"
    assert (text, conflicts) == (task_table("001", "002", "003") + clash, [(7, "")])


def test_a_row_moved_into_a_conflict_keeps_the_other_sides_edit_too() -> None:
    ours = BASE.replace(task_row("001"), "").replace("説明の文\n", "甲の文\n\n" + task_row("001"))
    theirs = in_row(BASE, "001", "READY", "DONE").replace("説明の文", "乙の文")
    text, conflicts = merge(BASE, ours, theirs)
    assert len(conflicts) == 1
    assert task_row("001", status="DONE") in text


@pytest.mark.parametrize("swapped", [True, False])
def test_a_mark_that_one_side_adds_is_kept(swapped: bool) -> None:
    sides = ["\ufeff" + BASE, in_row(BASE, "001", "READY", "DONE")]
    wanted = "\ufeff" + in_row(BASE, "001", "READY", "DONE")
    assert merge(BASE, *(sides[::-1] if swapped else sides)) == (wanted, [])


ids = st.integers(1, 6).map("{:03}".format)
values = st.text(st.sampled_from(list("aあ|\\` -:")), max_size=4)
Edit = tuple[str, int, str]
edits = st.lists(st.tuples(ids, st.integers(1, 9), values), max_size=6)


def edited(rows: dict[str, list[str]], changes: list[Edit]) -> dict[str, list[str]]:
    result = {key: list(row) for key, row in rows.items()}
    for key, column, value in changes:
        if key in result:
            result[key][column] = " ".join(value.split()) or "-"
    return result


def as_text(rows: dict[str, list[str]], more: str = "") -> str:
    head = line(TASK_NAMES) + line("---" for _ in TASK_NAMES)
    body = "".join(line(cell.replace("|", "\\|") for cell in row) for row in rows.values())
    return f"# 台帳\n\n{head}{body}\n{more}\n終わり\n"


ROWS = {f"{n:03}": [f"{n:03}", "題", *["-"] * 8] for n in range(1, 7)}


def on_half(half: int) -> Callable[[list[Edit]], list[Edit]]:
    return lambda changes: [c for c in changes if (int(c[0]) + c[1]) % 2 == half]


@settings(max_examples=150, deadline=None)
@given(edits.map(on_half(0)), edits.map(on_half(1)))
def test_edits_of_different_cells_always_merge(mine: list[Edit], theirs: list[Edit]) -> None:
    base, ours, other = as_text(ROWS), as_text(edited(ROWS, mine)), as_text(edited(ROWS, theirs))
    assert merge(base, ours, other) == (as_text(edited(ROWS, mine + theirs)), [])


@settings(max_examples=100, deadline=None)
@given(edits, st.sets(ids), st.booleans())
def test_with_an_unchanged_side_the_other_side_wins(
    changes: list[Edit], gone: set[str], crlf: bool
) -> None:
    rows = {key: row for key, row in edited(ROWS, changes).items() if key not in gone}
    base, side = as_text(ROWS), as_text(rows, "追記")
    side = side.replace("\n", "\r\n") if crlf else side
    assert [merge(base, base, side), merge(base, side, base), merge(base, side, side)] == [
        (side, [])
    ] * 3


@settings(max_examples=150, deadline=None)
@given(edits, edits, st.sets(ids), st.sets(ids), st.integers(0, 2), st.integers(0, 2))
def test_merging_loses_nothing_and_commutes(
    mine: list[Edit], other: list[Edit], gone: set[str], away: set[str], new: int, more: int
) -> None:
    def side(
        changes: list[Edit], missing: set[str], added: int, start: int
    ) -> dict[str, list[str]]:
        rows = {k: r for k, r in edited(ROWS, changes).items() if k not in missing}
        names = [f"N-{start + n}" for n in range(added)]
        return rows | {name: [name, "新しい題", *["-"] * 8] for name in names}

    ours, theirs = side(mine, gone, new, 10), side(other, away, more, 20)
    one, conflicts = merge(as_text(ROWS), as_text(ours), as_text(theirs))
    two, mirrored = merge(as_text(ROWS), as_text(theirs), as_text(ours))
    assert sorted(record for _, record in conflicts) == sorted(record for _, record in mirrored)
    if not conflicts:
        assert cells(one) == cells(two)
        kept = (set(ours) & set(theirs)) | {k for k in (*ours, *theirs) if k.startswith("N-")}
        assert set(cells(one)) == kept
    merged = one.split("\n")
    for key in {*ours, *theirs} - {*ROWS}:
        assert line((ours | theirs)[key]).rstrip("\n") in merged


def test_a_row_with_another_number_of_cells_is_no_edit_of_the_same_row() -> None:
    assert merge_row("| a |", "| a | b |", "| c |") is None


def test_a_cell_that_both_changed_is_nobodys() -> None:
    assert merge_row("| a | b |", "| x | b |", "| y | c |") is None


def test_a_row_that_one_side_changed_is_that_sides_row() -> None:
    assert merge_row("| a |", "| a |", "| b | c |") == "| b | c |"


def test_a_row_here_and_text_and_a_row_there_are_both_taken() -> None:
    here = BASE.replace("\n## 状態\n", task_row("004") + "\n## 状態\n")
    there = BASE.replace("\n## 状態\n", task_row("005") + "追記\n\n## 状況\n")
    both = BASE.replace("\n## 状態\n", task_row("{}") + task_row("{}") + "追記\n\n## 状況\n")
    assert merge(BASE, here, there) == (both.format("005", "004"), [])
    assert merge(BASE, there, here) == (both.format("005", "004"), [])


def test_a_row_above_text_that_the_other_side_changed_stays_above_it() -> None:
    base, there = task_table("001") + "説明\n", task_table("001") + "改めた説明\n"
    here = task_table("001", "002") + "説明\n"
    merged = task_table("001", "002") + "改めた説明\n"
    assert merge(base, here, there) == merge(base, there, here) == (merged, [])


def test_a_second_row_of_one_id_beside_a_conflict_is_kept_in_it() -> None:
    head = task_table("001", "002") + "甲\n"
    base = head + "説明\n" + task_row("003") + "\n" + task_row("005")
    ours = head + "\n説明\n" + task_row("003")
    theirs = head + task_row("002") + "説明\n" + task_row("003") + "\n" + task_row("005")
    text, conflicts = merge(base, ours, theirs)
    clash = "<<<<<<< ours\n\n=======\n" + task_row("002") + ">>>>>>> theirs\n"
    assert (text, conflicts) == (head + clash + "説明\n" + task_row("003"), [(6, "")])


def test_nothing_is_left_where_one_side_deleted_all_and_the_other_changed_line_ends() -> None:
    assert merge("甲\n", "", "甲\r\n") == ("", [])
