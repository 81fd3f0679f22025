from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orch_next.core.flags import Flags, parse_flags, read_flags

FROZEN = "FREEZE=on in flags.md"


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("AUTO_DECIDE=off\nFREEZE=off", Flags()),
        ("\ufeffFREEZE=on\r\nAUTO_DECIDE=shadow\r\n", Flags("shadow", FROZEN)),
        ("- `FREEZE` = ON  # 保守中\n- **AUTO_DECIDE**: on", Flags("on", FROZEN)),
        ("FREEZE=off\nFREEZE=on", Flags(frozen=FROZEN)),
        ("FREEZE=", Flags(frozen="FREEZE= in flags.md is neither on nor off")),
        ("FREEZE=maybe", Flags(frozen="FREEZE=maybe in flags.md is neither on nor off")),
        ("AUTO_DECIDE=on\nAUTO_DECIDE=off", Flags()),
        ("AUTO_DECIDE=on\nAUTO_DECIDE=yes", Flags()),
        ("配信を止めるには FREEZE=on と書く", Flags()),
        ("", Flags()),
    ],
)
def test_flags_are_read_with_care(text: str, flags: Any) -> None:
    assert parse_flags(text) == flags


def test_a_missing_file_sets_nothing_and_a_bad_one_freezes(tmp_path: Path) -> None:
    assert read_flags(tmp_path) == Flags()
    (tmp_path / "flags.md").write_bytes(b"FREEZE=off\xff")
    assert "cannot be read" in read_flags(tmp_path).frozen
    (tmp_path / "flags.md").write_text("FREEZE=on")
    assert read_flags(tmp_path) == Flags(frozen=FROZEN)
