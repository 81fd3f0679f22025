from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orch_next.core.schema import TASK, TASK_STATUSES
from orch_next.migrate.state.dialect import in_dialect
from orch_next.migrate.state.ledger_text import read_ledger_text
from orch_next.migrate.state.sections import find_sections
from orch_next.migrate.state.to_table import convert_sections
from tests.ledger_text import TASK_NAMES, line, task_row, task_table
from tests.moc_tree import SAMPLES

PLAIN = """# 作業

## 003 ログの整理
- status: READY
- 担当：WORK
- priority: HIGH
- 備考: 既存のメモ

## [T-4] 配備 — 本番
* ステータス: `DOING`
* artifact: C:\\作業\\a|b.md
  続きの行

### 手順
1. 止める

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


def test_headings_with_plain_bullets_become_rows() -> None:
    text, sidecar = convert(PLAIN)
    assert rows(text) == [
        ["003", "ログの整理", "READY", "WORK", *["-"] * 5, "既存のメモ・priority=HIGH"],
        ["T-4", "配備 — 本番", "DOING", *["-"] * 5, "C:\\作業\\a|b.md", "see=TASKS.sections.md"],
    ]
    assert text.startswith("# 作業\n\n| id | title | status |")
    assert text.endswith("\n\n## 用語\n- **PLAN**: 計画段階\n")
    assert sidecar == (
        "# TASKS.md: lines of the former sections that no cell holds / 表に入らなかった行\n\n"
        "## T-4\n\n* ステータス: `DOING`\n  続きの行\n\n### 手順\n1. 止める\n"
    )


def test_the_sample_with_bold_names_keeps_its_dialect_and_its_prose() -> None:
    before = (SAMPLES / "TASKS.bullets.md").read_text(encoding="utf-8")
    text, sidecar = convert(before)
    assert text == (
        "# 作業一覧\n\n前書きも残ること。\n\n"
        + line(["task_id", "title", "state", *TASK_NAMES[3:]])
        + f"|{'---|' * 10}\n"
        + "| WORK-7 | ログ基盤: 移行 | DOING | WORK | - | - | - | - | C:\\作業\\log.md |"
        + " priority=HIGH・reviewer=監査班・see=TASKS.sections.md |\n"
        + "| WORK-8 | 通知の整理 | PLAN | CMD | - | - | - | 2025-10-20 | - | - |\n"
        + "\n#### メモ\n\n- **PLAN**: 計画段階\n"
    )
    assert sidecar.endswith("## WORK-7\n\n説明の本文 | 縦線を含む\n")


def test_sections_beside_a_table_go_to_the_table() -> None:
    text = task_table("001") + "\n## 002 追加\n- status: PLAN\n"
    assert convert(text) == (
        task_table("001") + line(["002", "追加", "PLAN", *["-"] * 7]) + "\n",
        "",
    )


def test_a_section_about_a_task_of_the_table_is_text() -> None:
    text = task_table("001") + "\n## 001 の詳細\n- status: READY\n"
    assert convert(text) == (text, "")


@pytest.mark.parametrize(
    "text",
    [
        "# 台帳\n- 最終更新: 2025-10-07\n- 管理者: WORK\n",
        "## 003 題\n- 説明: 状態がない\n",
        "## 題だけ\n- status: READY\n",
        "## 003 題\n- status: まだ 決まっていない\n",
        "~~~\n## 003 題\n- status: READY\n~~~\n",
        "- status: READY\n- id: 003\n",
    ],
)
def test_what_is_no_task_stays_text(text: str) -> None:
    assert convert(text) == (text, "")


def test_what_cannot_be_in_a_cell_goes_beside_it() -> None:
    text = "## 003 題\n- status: READY\n- owner: WORK\n"
    text += "- owner: CMD\n- メモ: a\x07b\n```\n- due: x\n```\n"
    new, sidecar = convert(text)
    assert rows(new) == [["003", "題", "READY", "WORK", *["-"] * 5, "see=TASKS.sections.md"]]
    assert sidecar.split("\n\n", 2)[2] == "- owner: CMD\n- メモ: a\x07b\n```\n- due: x\n```\n"


def test_a_heading_that_says_more_than_the_bullets_is_kept() -> None:
    new, sidecar = convert("## 12: 古い番号\n- id: W-1\n- title: 新しい題\n- status: PLAN\n")
    assert rows(new)[0][:3] == ["W-1", "新しい題", "PLAN"]
    assert "## 12: 古い番号\n" in sidecar


def test_the_same_id_twice_stays_twice() -> None:
    section = "## 003 題\n- status: READY\n\n"
    assert [row[0] for row in rows(convert(section * 2)[0])] == ["003", "003"]


def test_line_ends_and_the_mark_stay() -> None:
    text, sidecar = convert("\ufeff" + PLAIN.replace("\n", "\r\n"))
    assert (text.startswith("\ufeff# 作業\r\n"), rows(text)[0][0]) == (True, "003")
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
        text += f"\n## T-{number}: {title}\n- **status**: {status}\n"
        text += "".join(f"- **{name}**: {value}\n" for name, value in named)
        text += "".join(f"{more}\n" for more in rest)
    new, sidecar = convert(text)
    # a word of the text can itself begin a fence or a heading: then fewer tasks are seen
    assert len(rows(new)) == len(find_sections(text.split("\n")))
    spoken = new.replace("\\|", "|") + sidecar.replace("\\|", "|")
    words = set(re.findall(r"[^\s:：*`_#|\\=\[\]-]+", text)) - {"status", "owner", "備考"}
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
