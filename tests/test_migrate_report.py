from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orch_next.errors import NotFoundError, RecordError
from orch_next.migrate.findings import Finding
from orch_next.migrate.pages import MOST_PATHS, as_html, as_markdown
from orch_next.migrate.places import Places
from orch_next.migrate.report import RunReport, StepReport, Touched, load_report, save_report
from orch_next.migrate.words import WORDS, language

STEP = StepReport(
    name="logs",
    phase=1,
    title="Logs",
    title_ja="ログ",
    outcome="moved",
    touched=(Touched("data/logs/a|<b>.log", "create", 5, "ab" * 32), Touched("x", "remove")),
    unchanged=3,
    verified=2,
    counts={"files": 1200},
    findings=(Finding("warning", "c", "a:3", "odd\n| cell", "変な\nセル"),),
    notes={"table": [{"key": "a", "as": 1}, {"key": "b"}], "text": "one\ntwo", "list": [1]},
    seconds=1.25,
)
REPORT = RunReport(
    *("20251009T030405Z", "apply", "C:\\MOC", "/srv/next", "2025-10-09T03:04:05+00:00", 2.5),
    steps=(STEP,),
    left=("config",),
    pruned=("r0",),
)


def test_data_there_and_back(tmp_path: Path) -> None:
    places = Places(tmp_path)
    save_report(places, REPORT, {"md": "x"})
    save_report(places, replace(REPORT, run="20251009T030405Z-02"), {})
    assert load_report(places, REPORT.run) == REPORT
    assert load_report(places).run == "20251009T030405Z-02"
    with pytest.raises(NotFoundError, match="no report of run x"):
        load_report(places, "x")


def test_a_missing_or_damaged_report_is_told(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with pytest.raises(NotFoundError, match="holds no report yet"):
        load_report(places)
    save_report(places, REPORT, {})
    path = places.reports / f"{REPORT.run}.json"
    path.write_bytes(path.read_bytes().replace(b"logs", b"logz"))
    with pytest.raises(RecordError, match=r"Z\.json is damaged"):
        load_report(places)


def test_sums() -> None:
    body = REPORT.as_json()
    assert (body["steps"][0]["actions"], body["steps"][0]["bytes"], body["fine"]) == (
        {"create": 1, "remove": 1},
        5,
        True,
    )
    assert replace(REPORT, error="no").is_fine is False
    assert replace(REPORT, steps=(replace(STEP, outcome="failed"),)).is_fine is False


def test_markdown_keeps_cells_in_their_cells() -> None:
    text = as_markdown(REPORT, "en")
    assert text.startswith("# Migration report 20251009T030405Z\n\n|  |  |\n")
    rows = text.split("\n")
    assert "| data/logs/a\\|&lt;b>.log | created | 5 | abababababababab |" in rows
    assert "| warning | a:3 | odd \\| cell |" in rows
    assert "| 1 | logs: Logs | moved | 1 | 1 | 3 | 2 | 5 | 1.2 |" in rows
    assert [row for row in rows if row.startswith(("| key", "| --- | --- |", "| a | 1", "| b |"))][
        -4:
    ] == ["| key | as |", "| --- | --- |", "| a | 1 |", "| b |  |"]
    assert "`orch-next migrate rollback --target /srv/next` restores" in text


def test_html_is_whole_and_escaped() -> None:
    page = as_html(REPORT, "ja")
    assert '<html lang="ja">' in page
    assert "<td>data/logs/a|&lt;b&gt;.log</td><td>作成</td>" in page
    assert "<h2>logs: ログ</h2>" in page
    assert "<td>警告</td><td>a:3</td><td>変な\nセル</td>" in page
    assert "<b>" not in page
    assert page.count("<details>") == page.count("</details>") == 1
    assert page.index("<summary>") < page.index("one\ntwo") < page.index("</details>")


def test_nested_notes_become_tables() -> None:
    tables = [{"name": "work_outcomes", "rows": 24}]
    notes = {"databases": {"data/知識.db": {"path": "x.db", "tables": tables}}, "sums": {"a": 1}}
    rows = as_markdown(replace(REPORT, steps=(replace(STEP, notes=notes),)), "en").split("\n")
    assert "databases › data/知識.db › tables:" in rows
    assert {"| work_outcomes | 24 |", "| a | 1 |", "databases › data/知識.db › path: x.db"} <= {
        *rows
    }


def test_many_paths_are_cut() -> None:
    touched = tuple(Touched(f"f{n}", "create") for n in range(MOST_PATHS + 5))
    text = as_markdown(replace(REPORT, steps=(replace(STEP, touched=touched),)), "en")
    assert (text.count("| created | 0 |"), "... and 5 more" in text) == (MOST_PATHS, True)


def test_every_word_is_there_in_both_languages() -> None:
    assert sorted(WORDS["en"]) == sorted(WORDS["ja"])


@pytest.mark.parametrize(
    ("asked", "environ", "wanted"),
    [("", "ja_JP.UTF-8", "ja"), ("en", "ja_JP", "en"), ("ja", "C", "ja"), ("", "", "en")],
)
def test_language(asked: str, environ: str, wanted: str) -> None:
    assert language(asked, environ) == wanted
