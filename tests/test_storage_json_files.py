"""JSON files of our own: what is taken for JSON, and that an edit keeps what it does not touch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import DamagedError, RuleError
from orch_next.storage.json_files import JsonFile, parse_json, parse_marked_json


def open_file(path: Path, **more: Any) -> JsonFile:
    return JsonFile(path, dict, private=True, lock_timeout=5.0, **more)


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b"[Infinity]",
        b'{"a": 1, "a": 1}',
        '[{"役": 1, "役": 2}]'.encode(),
        b'"\\ud800"',
        b'"\xff"',
        b"[" * 9999,
        b"{} {}",
        b"",
        "\ufeff{}".encode(),
        "{}".encode("utf-16"),
    ],
)
def test_what_others_could_read_in_two_ways_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_json(data)


def test_values_and_the_order_of_names_are_read() -> None:
    text = '{"乙": [1, 2.5, null], "甲": "C:\\\\作業 | \\u0000"}'
    found = parse_json(text.encode())
    assert (list(found), found["甲"]) == (["乙", "甲"], "C:\\作業 | \0")
    assert parse_marked_json(b"\xef\xbb\xbf" + text.encode()) == found


def test_an_edit_keeps_what_it_does_not_touch(tmp_path: Path) -> None:
    path = tmp_path / "データ" / "役割.json"
    file = open_file(path)
    file.edit(lambda whole: whole.update({"他": {"深": [1]}, "役": 1}))
    file.edit(lambda whole: whole.update({"役": 2}))
    assert json.loads(path.read_bytes()) == {"他": {"深": [1]}, "役": 2}
    assert file.read() == {"他": {"深": [1]}, "役": 2}


def test_an_edit_that_changes_nothing_or_raises_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "役割.json"
    file = open_file(path)
    assert (file.edit(len), path.exists()) == (0, False)

    def fail(whole: dict[str, Any]) -> None:
        whole["役"] = 1
        raise KeyError("役")

    with pytest.raises(KeyError):
        file.edit(fail)
    assert path.exists() is False


@pytest.mark.parametrize("data", [b'{"a": 1, "a": 2}', b"{", b"[NaN]", "役".encode("cp932")])
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "役割.json"
    path.write_bytes(data)
    with pytest.raises(DamagedError, match=r"役割\.json is not valid JSON"):
        open_file(path).edit(lambda whole: whole.update({"b": 1}))
    assert path.read_bytes() == data


def test_a_file_does_not_grow_beyond_its_limit(tmp_path: Path) -> None:
    file = open_file(tmp_path / "役割.json", most_written=20)
    with pytest.raises(RuleError, match="full"):
        file.edit(lambda whole: whole.update({"長": "x" * 20}))
    assert file.read() == {}


def test_a_link_stays_and_what_it_names_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "実体.json", tmp_path / "役割.json"
    target.write_bytes(b"{}")
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("this system lets nobody make links")
    open_file(link).edit(lambda whole: whole.update({"役": 1}))
    assert (link.is_symlink(), json.loads(target.read_bytes())) == (True, {"役": 1})
