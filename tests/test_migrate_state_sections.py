from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orch_next.core.schema import TASK, TASK_STATUSES
from orch_next.migrate.state.dialect import in_dialect
from orch_next.migrate.state.ledger_text import read_ledger_text
from orch_next.migrate.state.to_table import convert_sections
from tests.ledger_text import TASK_NAMES, line, task_row, task_table
from tests.moc_tree import SAMPLES

NEWEST = """# 作業

前書き

## 進行中

#### 004-P3: ログの整理

- **task_id**: 004-P3
- **state**: READY
- **assigned_to**: WORK
- **due_date**: 2025-10-20
- **acceptance_criteria**:
  - 試験が通る
  - ログが残る
- **artifacts**:
  - `C:\\作業\\a|b.md`
  - b.md
- **priority**: HIGH

---

#### [T-5] 配備 — 本番
- **task_id**: T-5
- **state**: DOING
- **備考**: 既存のメモ
- **steps**: 次のとおり
  1. 止める
     - 通知する
続きの行

##### 手順
1. 始める

## 完了

### 003: 済み
- **task_id**: 003
- **state**: DONE
- **成果物**: c.md

## 用語
- **PLAN**: 計画段階
"""


def rows(text: str) -> list[list[str]]:
    records = read_ledger_text(TASK, text).records
    return [list(map(str, one.as_json().values())) for one in records if not one.read_only]


def convert(text: str) -> tuple[str, str]:
    """Return the new text and the sidecar; equal text and nothing when there are no sections."""
    done = convert_sections(read_ledger_text(TASK, text))
    return (done.ledger.text, done.sidecar) if done else (text, "")


HEADER = line(["task_id", "title", "state", *TASK_NAMES[3:]]) + f"|{'---|' * 10}\n"


def test_each_task_becomes_a_row_under_its_own_heading() -> None:
    text, sidecar = convert(NEWEST)
    assert text == (
        "# 作業\n\n前書き\n\n## 進行中\n\n"
        + HEADER
        + "| 004-P3 | ログの整理 | READY | WORK | - | - | - | 2025-10-20 | C:\\作業\\a\\|b.md |"
        + " acceptance_criteria=試験が通る; ログが残る・artifacts=b.md・priority=HIGH |\n"
        + "| T-5 | 配備 — 本番 | DOING | - | - | - | - | - | - |"
        + " 既存のメモ・steps=次のとおり・see=TASKS.sections.md |\n"
        + "\n## 完了\n\n"
        + HEADER
        + "| 003 | 済み | DONE | - | - | - | - | - | c.md | - |\n"
        + "\n## 用語\n- **PLAN**: 計画段階\n"
    )
    assert sidecar == (
        "# TASKS.md: lines of the former sections that no cell holds / 表に入らなかった行\n\n"
        "## T-5\n\n- **steps**: 次のとおり\n  1. 止める\n     - 通知する\n続きの行\n\n"
        "##### 手順\n1. 始める\n"
    )


def test_the_reader_lists_the_same_before_and_after() -> None:
    before = read_ledger_text(TASK, NEWEST).records
    after = read_ledger_text(TASK, convert(NEWEST)[0]).records
    kept = ("id", "title", "status", "owner", "due")
    assert [[getattr(one, name) or "-" for name in kept] for one in after] == [
        ["004-P3", "ログの整理", "READY", "WORK", "2025-10-20"],
        ["T-5", "配備 — 本番", "DOING", "-", "-"],
        ["003", "済み", "DONE", "-", "-"],
    ]
    assert [one.key for one in before] == [one.key for one in after]
    assert [getattr(one, "owner", None) for one in before] == ["WORK", "", ""]


def test_the_sample_with_bold_names_keeps_its_dialect_and_its_prose() -> None:
    before = (SAMPLES / "TASKS.bullets.md").read_text(encoding="utf-8")
    text, sidecar = convert(before)
    assert text == (
        "# 作業一覧\n\n前書きも残ること。\n\n"
        + HEADER
        + "| WORK-7 | ログ基盤: 移行 | DOING | WORK | - | - | - | - | C:\\作業\\log.md |"
        + " priority=HIGH・reviewer=監査班・see=TASKS.sections.md |\n"
        + "| WORK-8 | 通知の整理 | PLAN | CMD | - | - | - | 2025-10-20 | - | - |\n"
        + "\n#### メモ\n\n- **PLAN**: 計画段階\n"
    )
    assert sidecar.endswith("## WORK-7\n\n説明の本文 | 縦線を含む\n")


def test_sections_beside_a_table_are_left() -> None:
    text = task_table("001") + "\n## 002 追加\n- **id**: 002\n- **status**: PLAN\n"
    assert convert(text) == (text, "")


@pytest.mark.parametrize(
    "text",
    [
        "# 台帳\n- 最終更新: 2025-10-07\n- 管理者: WORK\n",
        "## 003 題\n- 説明: 状態がない\n",
        "## 題だけ\n- **status**: READY\n",
        "## 003 題\n- status: READY\n",
        "### 2025-10-13 result\n- **status**: DONE\n",
        "~~~\n## 003 題\n- **id**: 003\n- **status**: READY\n~~~\n",
        "- status: READY\n- id: 003\n",
    ],
)
def test_what_is_no_task_stays_text(text: str) -> None:
    assert convert(text) == (text, "")


def test_what_cannot_be_in_a_cell_goes_beside_it() -> None:
    text = "## 003: 題\n- **id**: 003\n- **status**: READY\n- **owner**: WORK\n"
    text += "- **assigned_to**: CMD\n- **メモ**: a\x07b\n```\n- **due**: x\n```\n"
    new, sidecar = convert(text)
    notes = "assigned_to=CMD・see=TASKS.sections.md"
    assert rows(new) == [["003", "題", "READY", "WORK", *["-"] * 5, notes]]
    assert sidecar.split("\n\n", 2)[2] == "- **メモ**: a\x07b\n```\n- **due**: x\n```\n"


def test_a_heading_that_says_more_than_the_bullets_is_kept() -> None:
    text = "## 12: 古い番号\n- **id**: W-1\n- **title**: 新しい題\n- **status**: PLAN\n"
    new, sidecar = convert(text)
    assert rows(new)[0][:3] == ["W-1", "新しい題", "PLAN"]
    assert "## 12: 古い番号\n" in sidecar


def test_the_same_id_twice_stays_twice() -> None:
    section = "## 003: 題\n- **id**: 003\n- **status**: READY\n\n"
    assert [row[0] for row in rows(convert(section * 2)[0])] == ["003", "003"]


def test_line_ends_and_the_mark_stay() -> None:
    text, sidecar = convert("\ufeff" + NEWEST.replace("\n", "\r\n"))
    assert (text.startswith("\ufeff# 作業\r\n"), rows(text)[0][0]) == (True, "004-P3")
    assert [re.search(r"(?<!\r)\n", one) for one in (text, sidecar)] == [None, None]


words = st.text(st.sampled_from(list("aあ漢|\\`*_: ：#-=[]\t")), max_size=8)
bullets = st.lists(
    st.tuples(st.sampled_from(["owner", "priority", "備考", "x"]), words), max_size=4
)
tasks = st.tuples(words, st.sampled_from(TASK_STATUSES), bullets, st.lists(words, max_size=3))


@settings(max_examples=150, deadline=None)
@given(st.lists(tasks, min_size=1, max_size=3))
def test_every_word_is_in_the_table_or_beside_it(
    found: list[tuple[str, str, list[tuple[str, str]], list[str]]],
) -> None:
    text = "# 一覧\n"
    for number, (title, status, named, rest) in enumerate(found):
        text += f"\n## T-{number}: {title}\n- **id**: T-{number}\n- **status**: {status}\n"
        text += "".join(f"- **{name}**: {value}\n" for name, value in named)
        text += "".join(f"{more}\n" for more in rest)
    new, sidecar = convert(text)
    # a word of the text can itself begin a fence or a heading: then fewer tasks are seen
    assert len(rows(new)) == len(read_ledger_text(TASK, text).records)
    spoken = new.replace("\\|", "|") + sidecar.replace("\\|", "|")
    words = set(re.findall(r"[^\s:：*`_#|\\=\[\]-]+", text)) - {"id", "status", "owner", "備考"}
    assert (len(words) > 0, [word for word in words if word not in spoken]) == (True, [])


def test_only_the_two_names_change_with_the_dialect() -> None:
    ledger = read_ledger_text(TASK, f"# a\n\n{task_table('001')}\n文\n")
    moc = in_dialect(ledger, "moc")
    assert moc.text == ledger.text.replace("| id |", "| task_id |").replace("status", "state")
    assert in_dialect(moc, "next").text == ledger.text
    assert [in_dialect(ledger, one).text for one in ("keep", "next")] == [ledger.text] * 2


def test_a_header_with_both_names_keeps_them() -> None:
    names = [*TASK_NAMES, "task_id"]
    text = line(names) + f"|{'---|' * 11}\n" + task_row("001")[:-1] + " x |\n"
    ledger = read_ledger_text(TASK, text)
    assert in_dialect(ledger, "moc").text == text
