from __future__ import annotations

import pytest

from orch_next.core.encodings import decode_output, decode_piece

TEXT = "作業を開始しました ｱｲｳ C:\\ORCH"


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_line_is_read_in_its_own_encoding(encoding: str) -> None:
    assert decode_output(TEXT.encode(encoding)) == TEXT


def test_what_is_neither_has_marks_and_no_odd_characters() -> None:
    assert decode_output(b"\xff\x80 abc") == "\ufffd\ufffd abc"
    assert decode_output("caf\u00e9\n".encode("latin-1")) == "caf\ufffd\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_pieces_of_a_log_make_the_whole(encoding: str) -> None:
    data = (TEXT + "\n" + TEXT + "\n").encode(encoding)
    for cut in range(len(data)):
        text, length = decode_piece(data[:cut])
        more, rest = decode_piece(data[length:])
        assert (text + more, length + rest) == (f"{TEXT}\n{TEXT}\n", len(data))
