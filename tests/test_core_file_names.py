r"""Names in cells, judged by their text: other machines, devices, streams, other cases."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from orch_next.core.file_names import is_below, may_look_up

ROOT = r"C:\作業\MOC"
WINDOWS = {
    r"\\evil\share\x": False,
    r"\\evil@SSL@8443\share\x": False,
    "//evil/share/x": False,
    r"\\?\UNC\evil\share\x": False,
    r"\\.\pipe\x": False,
    r"\\?\C:\作業\MOC\a.md": False,
    r"C:\作業\MOC\ORCH\a.md": True,
    r"c:\作業\moc\ORCH\a.md": True,
    r"C:\作業\MOC\..\x": False,
    r"C:\Users\x": False,
    r"Z:\作業\MOC\a.md": False,
    r"C:a.md": False,
    r"\作業\MOC\a.md": False,
    "ORCH/patches/図面.md": True,
    r"ORCH\patches\図面.md": True,
    "../x": True,  # what is outside is found out by resolving, on this machine
    "CON": False,
    "ORCH/NUL": False,
    "com1.txt": False,
    "config::$INDEX_ALLOCATION/secrets.json": False,
    "a.md:stream": False,
    "config./secrets.json": False,
    "config /secrets.json": False,
}


@pytest.mark.parametrize("name", WINDOWS)
def test_what_windows_may_look_up(name: str) -> None:
    assert may_look_up(name, ROOT, windows=True) is WINDOWS[name]


@pytest.mark.parametrize(
    ("name", "may"),
    [("//evil/x", False), ("/etc/passwd", True), ("C:a", True), (r"\\evil\x", True), ("CON", True)],
)
def test_what_other_systems_may_look_up(name: str, may: bool) -> None:
    assert may_look_up(name, "/moc", windows=False) is may


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("config/secrets.json", True),
        ("CONFIG/secrets.json", True),
        ("Ｃonfig/x", True),
        ("config", True),
        ("configs/x", False),
        ("ORCH/config/x", False),
    ],
)
def test_what_is_below_whatever_the_case(path: str, below: bool) -> None:
    root = PurePosixPath("/作業/MOC")
    assert is_below(root / path, root / "config") is below


def test_windows_paths_are_compared_by_their_parts() -> None:
    assert is_below(PureWindowsPath(r"c:\moc\DATA\orch.db"), PureWindowsPath(r"C:\MOC\data"))
