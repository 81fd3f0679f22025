from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.migrate.settings.environment import NAMES, parse_variables
from orch_next.migrate.steps.environment import EnvironmentStep
from tests.small_moc import apply, codes, contents, make_house, make_moc

ENVIRONMENT = EnvironmentStep()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("start.bat", "@echo off\r\nset ORCH_PORT=5001\r\n", [("ORCH_PORT", "5001", 2)]),
        ("start.cmd", 'set "ORCH_HOST=127.0.0.1"\n', [("ORCH_HOST", "127.0.0.1", 1)]),
        ("start.bat", 'setx JWT_SECRET "秘 密"\n', [("JWT_SECRET", "秘 密", 1)]),
        ("start.bat", "REM set ORCH_PORT=1\n:: set ORCH_PORT=2\nreset X=1\n", []),
        ("start.bat", "set ORCH_ROOT=%~dp0\\ORCH%X%\n", [("ORCH_ROOT", None, 1)]),
        ("a.ps1", "$env:ORCH_PORT = '5001'; $env:LOG_LEVEL=\"INFO\"\n",
         [("ORCH_PORT", "5001", 1), ("LOG_LEVEL", "INFO", 1)]),
        ("a.ps1", "[Environment]::SetEnvironmentVariable('ORCH_HOST','::1','User')\n",
         [("ORCH_HOST", "::1", 1)]),
        ("a.ps1", "# $env:ORCH_PORT = '1'\n$env:ORCH_ROOT = Join-Path $PSScriptRoot ORCH\n",
         [("ORCH_ROOT", None, 2)]),
        (".env", "export A=1 # 注\nB='x # y'\nC=\"$HOME/x\"\nD=\n",
         [("A", "1", 1), ("B", "x # y", 2), ("C", None, 3), ("D", "", 4)]),
        ("orch.service", "[Service]\nEnvironment=\"ORCH_PORT=5001\"\n", [("ORCH_PORT", "5001", 2)]),
        ("run.sh", "export ORCH_PORT=5001\necho ORCH_HOST=1\n", [("ORCH_PORT", "5001", 1)]),
    ],
)  # fmt: skip
def test_assignments_are_read_in_each_language(
    name: str, text: str, expected: list[tuple[str, str | None, int]]
) -> None:
    found = parse_variables(Path(name), text)
    assert [(one.name, one.value, one.line) for one in found] == expected


def test_old_names_get_new_ones(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "起動.bat": "set ORCH_DASHBOARD_PORT=5001\r\nset LOG_LEVEL=WARN\r\n".encode("cp932"),
        ".env": "WEBHOOK_SECRET=0123456789abcdef\nMY_OWN=1\nORCH_DUMMY_API=1\n",
        ".env.example": "LOG_LEVEL=x\n",
    }
    work = ENVIRONMENT.plan(make_house(tmp_path, files))
    rows = [
        (row["old"], row["new"], row["where"], row["still_works"])
        for row in work.notes["variables"]
    ]
    assert rows == [
        ("WEBHOOK_SECRET", "ORCH_WEBHOOK_SECRET", ".env:1", False),
        ("MY_OWN", "", ".env:2", False),
        ("ORCH_DUMMY_API", "", ".env:3", False),
        ("ORCH_DASHBOARD_PORT", "ORCH_PORT", "起動.bat:1", True),
        ("LOG_LEVEL", "ORCH_LOG_LEVEL", "起動.bat:2", False),
    ]
    assert codes(work.findings) == [
        ("info", "variable_renamed", ".env:1"),
        ("info", "unknown_variable", ".env:2"),
        ("info", "variable_renamed", "起動.bat:2"),
    ]


def test_the_new_file_holds_the_root_and_no_secret(tmp_path: Path) -> None:
    files = {".env": "ORCH_PORT=5007\nORCH_WEBHOOK_SECRET=0123456789abcdef\nORCH_ROOT=C:/旧\n"}
    house = make_house(tmp_path, files)
    work = ENVIRONMENT.plan(house)
    text = contents(work.changes)["config/orch_next.env"].decode()
    assert text.endswith(
        f"ORCH_ROOT={house.target / 'ORCH'}\n#ORCH_PORT=5007\n"
        "# ORCH_WEBHOOK_SECRET: see config/secrets.json\n"
    )
    assert "0123456789abcdef" not in text + repr((work.findings, work.notes))


def test_an_edited_file_stays(tmp_path: Path) -> None:
    house = make_house(tmp_path, {".env": "ORCH_PORT=5007\n"})
    (house.target / "config").mkdir()
    (house.target / "config" / "orch_next.env").write_text("ORCH_PORT=1\n", encoding="utf-8")
    assert ENVIRONMENT.plan(house).changes == ()


def test_what_this_step_wrote_is_no_source(tmp_path: Path) -> None:
    house = make_house(tmp_path, {".env": "ORCH_PORT=5007\n"}, same=True)
    first = ENVIRONMENT.plan(house)
    apply(house, first.changes)
    assert ENVIRONMENT.plan(house).notes == first.notes


def test_without_variables_nothing_is_written(tmp_path: Path) -> None:
    files = {"node_modules/x/.env": "ORCH_PORT=1\n", "ORCH/LOGS/a.bat": "set ORCH_PORT=1\n"}
    work = ENVIRONMENT.plan(make_house(tmp_path, files))
    assert (work.changes, work.findings, work.counts) == ((), (), {"variables": 0})


def test_scripts_are_never_run(tmp_path: Path) -> None:
    files = {"run.sh": f"touch {tmp_path}/ran\nexport ORCH_PORT=$(touch {tmp_path}/ran)\n"}
    ENVIRONMENT.plan(make_house(tmp_path, files))
    assert not (tmp_path / "ran").exists()


def test_symlinks_are_not_followed(tmp_path: Path) -> None:
    root = make_moc(tmp_path, {})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".env").write_text("ORCH_PORT=1\n", encoding="utf-8")
    (root / "link").symlink_to(outside)
    (root / ".env").symlink_to(outside / ".env")
    assert ENVIRONMENT.plan(make_house(tmp_path, {})).counts == {"variables": 0}


def test_every_reason_is_explained() -> None:
    rows = {name: one for name, one in NAMES.items() if not one.setting and not one.reason}
    assert rows == {}
