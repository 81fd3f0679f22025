from __future__ import annotations

import os
from pathlib import Path

import pytest

from orch_next.dispatcher.output import MAX_LINE_BYTES, TAIL_LINES, Output


def copied(folder: Path, said: bytes, limit: int = 1 << 20) -> Output:
    """Return what an attempt that says all this leaves: the reads are 64 KB each."""
    (folder / "said").write_bytes(said)
    output = Output(os.open(folder / "said", os.O_RDONLY), folder / "1.log", limit_bytes=limit)
    output.copy()
    return output


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_one_unfinished_line_fills_the_log_to_its_limit_and_no_further(
    tmp_path: Path, end: bytes
) -> None:
    output = copied(tmp_path, b"x" * 200_000 + end, limit=100_000)
    assert (output.exceeded, output.failure, output.ended) == (True, "", True)
    assert output.log.read_bytes() == b"x" * 100_000


def test_lines_up_to_the_limit_are_all_there(tmp_path: Path) -> None:
    said = "作業 | C:\\Users\n".encode() * 10
    output = copied(tmp_path, said, limit=len(said))
    assert (output.exceeded, output.log.read_bytes()) == (False, said)
    assert [line.text for line in output.take()] == ["作業 | C:\\Users"] * 10
    assert output.take() == []


def test_a_long_line_is_cut_into_pieces_and_the_last_lines_are_kept(tmp_path: Path) -> None:
    said = b"x" * (MAX_LINE_BYTES + 5) + b"\n" + b"ORCH_ARTIFACT= ORCH/a.md \n" + b"y\0\n" * 30
    output = copied(tmp_path, said)
    lines = output.take()
    assert [len(line.text) for line in lines[:2]] == [MAX_LINE_BYTES, 5]
    assert lines[-1].offset == len(said) == output.log.stat().st_size
    assert (output.artifact, list(output.tail)) == ("ORCH/a.md", ["y\ufffd"] * TAIL_LINES)


def test_a_log_that_is_there_already_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "1.log").write_bytes(b"kept")
    output = copied(tmp_path, b"said\n")
    assert (output.ended, "File exists" in output.failure) == (True, True)
    assert output.log.read_bytes() == b"kept"
