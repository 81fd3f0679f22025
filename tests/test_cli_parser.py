from __future__ import annotations

from pathlib import Path

import pytest

from orch_next import __version__
from orch_next.cli.parser import build_parser


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        build_parser().parse_args(["--version"])
    assert capsys.readouterr().out == f"orch-next {__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fly"],
        ["tasks"],
        ["tasks", "promote"],
        ["tasks", "create"],
        ["approvals", "promote", "A001"],
        ["serve", "--async-mode", "twisted"],
        ["check", "extra"],
    ],
)
def test_wrong_usage_is_status_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        build_parser().parse_args(argv)


def test_options_stand_before_or_after_the_id() -> None:
    parse = build_parser().parse_args
    after = parse(["tasks", "hold", "deploy-004", "--role", "CMD", "--orch-root", "C:\\MOC\\ORCH"])
    before = parse(["tasks", "hold", "--orch-root", "C:\\MOC\\ORCH", "--role", "CMD", "deploy-004"])
    assert after == before
    assert (after.module, after.verb, after.record_id, after.role, after.orch_root) == (
        "tasks",
        "hold",
        "deploy-004",
        "CMD",
        Path("C:\\MOC\\ORCH"),
    )
