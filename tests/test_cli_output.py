from __future__ import annotations

import json
import subprocess
import sys

import pytest

from orch_next.cli.output import as_line, as_table, print_json, width
from tests.sample import clean_environ


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("READY", 5), ("台帳", 4), ("ｶﾅ", 2), ("が", 2), ("か\u3099", 2), ("A|B", 3)],
)
def test_width_counts_terminal_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_table_aligns_japanese_text() -> None:
    rows = [("001", "台帳の書式", "DONE"), ("deploy-004", "UI", "PLAN")]
    assert as_table(("id", "title", "status"), rows).splitlines() == [
        "id          title       status",
        "001         台帳の書式  DONE",
        "deploy-004  UI          PLAN",
    ]


def test_table_without_rows_is_its_header() -> None:
    assert as_table(("id", "title"), []) == "id  title"


def test_a_cell_cannot_steer_the_terminal() -> None:
    assert as_line("赤\x1b[31m\r\n\u202e偽") == "赤\ufffd[31m\ufffd\ufffd\ufffd偽"


def test_json_is_utf8_with_what_a_console_cannot_show(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    value = {"title": "台帳 😀", "evidence": "C:\\Users\\MOC"}
    print_json(value)
    assert json.loads(capfdbinary.readouterr().out.decode("utf-8")) == value


@pytest.mark.parametrize(("encoding", "shown"), [("cp932", "台帳 ?"), ("ascii", "?? ?")])
def test_a_console_of_another_code_page_shows_question_marks(encoding: str, shown: str) -> None:
    code = (
        "from orch_next.cli.output import make_consoles_safe\n"
        "make_consoles_safe()\nprint('台帳 😀')"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code],
        env=clean_environ(PYTHONIOENCODING=encoding),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode(encoding).strip() == shown
