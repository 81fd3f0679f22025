from __future__ import annotations

import ast
import io
import os
import socket
import sys
from pathlib import Path

import pytest

from orch_next.regular import (
    KIB,
    MIB,
    NotRegularError,
    TooLargeError,
    open_below,
    read_regular,
    read_tail,
    read_whole,
)
from tests.sample import REPOSITORY
from tests.source_code import package_files, parse

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="FIFOs and links are POSIX")
TEXT = "作業 C:\\ORCH | 終わり\r\n".encode()

# Their own files, which are opened to be written, or that the person at the keyboard names.
OWN = {
    "orch_next/core/spool.py",
    *(
        "orch_next/core/logs.py",
        "orch_next/security/secret.py",
        "orch_next/storage/process_locks.py",
    ),
    *("orch_next/storage/disk.py", "orch_next/ledger/merge.py"),
    *("orch_next/security/third_party.py", "orch_next/regular.py"),
}


def below(root: Path, name: str) -> bytes:
    with open_below(root, root / name) as file:
        return read_whole(file, MIB)


def test_a_file_and_a_link_to_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "成果.md").write_bytes(TEXT)
    assert read_regular(tmp_path / "成果.md", len(TEXT)) == TEXT
    assert below(tmp_path, "成果.md") == TEXT
    assert read_tail(tmp_path / "成果.md", 4) == TEXT[-4:]


@POSIX
def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    here = os.open(tmp_path, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        # The path may be longer than a socket's name can be.
        listener.bind(f"/proc/self/fd/{here}/s" if Path("/proc/self/fd").is_dir() else "s")
        for path in (tmp_path / "pipe", tmp_path / "folder", tmp_path / "s", Path("/dev/zero")):
            with pytest.raises(OSError):
                read_regular(path, MIB)
    os.close(here)
    for name in ("pipe", "folder"):
        with pytest.raises(NotRegularError):
            below(tmp_path, name)


@POSIX
def test_no_link_is_followed_below_a_root(tmp_path: Path) -> None:
    root = tmp_path / "MOC"
    (root / "in").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"key")
    (root / "in" / "file").symlink_to(tmp_path / "secret")
    (root / "out").symlink_to(tmp_path)
    for name in ("in/file", "out/secret", "../secret", ""):
        with pytest.raises(OSError):
            below(root, name)


def test_a_file_without_an_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.bin"
    with path.open("wb") as file:
        file.truncate(300 << 30)
    with pytest.raises(TooLargeError):
        read_regular(path, 64 * MIB)
    assert read_tail(path, 3) == b"\0\0\0"


class Growing(io.FileIO):
    """A file that somebody writes to before each of our reads."""

    def read(self, size: int | None = -1) -> bytes:
        with Path(str(self.name)).open("ab") as writer:
            writer.write(b"x" * KIB)
        return super().read(KIB) or b""


def test_a_file_that_grows_while_it_is_read_ends_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "grows"
    path.write_bytes(b"x")
    with Growing(path) as file, pytest.raises(TooLargeError):
        read_whole(file, 4 * KIB)
    assert path.stat().st_size < 8 * KIB


def test_nothing_else_opens_a_file_to_read_it() -> None:
    found = {
        f"{path.relative_to(REPOSITORY).as_posix()}:{getattr(node, 'lineno', 0)}"
        for path in package_files()
        for node in ast.walk(parse(path))
        if _opens(node) and not _may_open(path)
    }
    assert found == set()


def _may_open(path: Path) -> bool:
    name = path.relative_to(REPOSITORY).as_posix()
    # Commands and moves read what the person who runs them names.
    return name in OWN or name.startswith(("orch_next/cli/", "orch_next/migrate/"))


def _opens(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "open"
    if not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr in ("read_bytes", "read_text"):
        return True
    is_os = isinstance(node.func.value, ast.Name) and node.func.value.id == "os"
    modes = [one.value for one in node.args if isinstance(one, ast.Constant)]
    is_file = any("b" in str(mode) for mode in modes) or any(
        one.arg == "encoding" for one in node.keywords
    )
    return node.func.attr == "open" and (is_os or is_file)
