"""Settings files: what every reader takes, and that an error names the file and the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import ConfigError
from orch_next.storage.toml_settings import (
    Reader,
    boolean,
    filled_text,
    filled_texts,
    filled_texts_by_name,
    flag,
    load_settings_file,
    load_toml,
    names,
    number,
    one_of,
    read_table,
    seconds,
    tables,
    texts,
    whole,
)


def told(reader: Reader, value: Any) -> str:
    """Return what a reader says of a value that it does not take."""
    with pytest.raises(ConfigError) as caught:
        reader("鍵", value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("reader", "value", "read"),
    [
        (boolean, False, False),
        (whole(0), 0, 0),
        (whole(1, 5), 5, 5),
        (number(100), 4, 4.0),
        (one_of(("pull", "命令")), "命令", "命令"),
        (filled_text, r"C:\作業", r"C:\作業"),
        (texts, ["", "旧/*"], ("", "旧/*")),
        (texts, [], ()),
        (filled_texts, ["python", "作業.py"], ("python", "作業.py")),
        (filled_texts_by_name, {"PYTHONUTF8": "1"}, {"PYTHONUTF8": "1"}),
        (flag, " Yes ", True),
        (seconds, "1.5", 1.5),
        (names, "a, 日本 ,", ("a", "日本")),
    ],
)
def test_a_value_is_read(reader: Reader, value: Any, read: Any) -> None:
    assert reader("鍵", value) == read


@pytest.mark.parametrize(
    ("reader", "value", "message"),
    [
        (boolean, 1, "鍵 must be true or false"),
        (boolean, "yes", "鍵 must be true or false"),
        (whole(0), -1, "鍵 must be a whole number, 0 or more"),
        (whole(1), 0, "鍵 must be a whole number above 0"),
        (whole(1), True, "鍵 must be a whole number above 0"),
        (whole(1, 5), 6, "鍵 must be at most 5"),
        (number(100), 100, "鍵 must be a number from 0 to 100"),
        (number(100), float("nan"), "鍵 must be a number from 0 to 100"),
        (one_of(("pull", "命令")), ["pull"], "鍵 must be one of pull, 命令"),
        (filled_text, "a\0", "鍵 must be text that is not empty"),
        (texts, ["a", 1], "鍵 must be a list of texts"),
        (filled_texts, [], "鍵 must be a list of texts"),
        (filled_texts, [""], "鍵 must be text that is not empty"),
        (filled_texts_by_name, {"A": 1}, "鍵.A must be text that is not empty"),
        (tables("核"), 1, "鍵 must be tables such as [鍵.核]"),
        (flag, "maybe", "鍵 must be true or false, not 'maybe'"),
        (seconds, "inf", "鍵 must be a number of seconds, not 'inf'"),
        (names, [1], "鍵 must be comma-separated text or a list of texts, not [1]"),
    ],
)
def test_what_a_reader_does_not_take_is_told_with_its_key(
    reader: Reader, value: Any, message: str
) -> None:
    assert told(reader, value) == message


def test_a_table_has_no_unknown_key() -> None:
    readers = {"limit": whole(1)}
    assert read_table({"limit": 2}, readers, "cores.W") == {"limit": 2}
    for table, message in (
        ({"上限": 1}, "unknown key: cores.W.上限"),
        (1, "cores.W must be a table"),
    ):
        with pytest.raises(ConfigError) as caught:
            read_table(table, readers, "cores.W")
        assert str(caught.value) == message


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_is_read_as_windows_writes_it(tmp_path: Path, mark: str, end: str) -> None:
    path = tmp_path / "設定.toml"
    path.write_bytes(f'{mark}host = "核"{end}port = 1{end}'.encode())
    assert load_toml(path) == {"host": "核", "port": 1}


def test_a_missing_file_has_no_key(tmp_path: Path) -> None:
    assert load_settings_file(tmp_path / "設定.toml", dict) == {}


@pytest.mark.parametrize("data", [b"[", b"a = 1\na = 2", b"\xff", b"a = " + b"[" * 9999])
def test_what_is_no_toml_names_its_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "設定.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"設定\.toml: ."):
        load_toml(path)


def test_what_is_wrong_inside_names_file_and_key(tmp_path: Path) -> None:
    path = tmp_path / "設定.toml"
    path.write_text('"上限" = 0', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings_file(path, lambda data: read_table(data, {"上限": whole(1)}))
    assert str(caught.value) == f"{path}: 上限 must be a whole number above 0"
