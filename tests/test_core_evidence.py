from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from orch_next.core.evidence import (
    PREVIEW_BYTES,
    Places,
    find_evidence,
    look_at_evidence,
    preview,
)

TEXT = "# 証跡\n\n差分 A | B\n"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    root = tmp_path / "MOC 日本"
    for folder in ("ORCH/patches/2025-10", "ORCH/STATE", "data", "config", ".git", "work"):
        (root / folder).mkdir(parents=True)
    (root / "ORCH" / "patches" / "2025-10" / "001-A001.diff.md").write_text(TEXT, encoding="utf-8")
    (root / "work" / "成果.md").write_text(TEXT, encoding="utf-8")
    (root / "data" / "secret.key").write_text("秘密", encoding="utf-8")
    (root / ".git" / "config").write_text("秘密", encoding="utf-8")
    (tmp_path / "外.md").write_text("外", encoding="utf-8")
    private = [root / "data", root / "config"]
    return Places(root, root / "ORCH", [root / "work"], private)


FOUND = "ORCH/patches/2025-10/001-A001.diff.md"


@pytest.mark.parametrize(
    "cell",
    [
        r"C:\Users\User\Trae\ORCH-Next\ORCH\patches\2025-10\001-A001.diff.md",
        r"C:\\Users\\User\\Trae\\ORCH-Next\\ORCH\\patches\\2025-10\\001-A001.diff.md",
        r"d:\orch\ORCH\patches\2025-10\001-A001.diff.md",
        "C:/Users/User/ORCH/patches/2025-10/001-A001.diff.md",
        r"\\server\share\ORCH\patches\2025-10\001-A001.diff.md",
        r"ORCH\patches\2025-10\001-A001.diff.md",
        r"patches\2025-10\001-A001.diff.md",
        FOUND,
        f" ./{FOUND} ",
        "patches/2025-10/001-A001.diff.md",
        "work/../ORCH/patches/2025-10/001-A001.diff.md",
    ],
)
def test_names_of_old_and_new_machines_lead_to_the_file(places: Places, cell: str) -> None:
    found = look_at_evidence(cell, places)
    assert found.as_json() == {
        "path": cell,
        "kind": "file",
        "inside": True,
        "exists": True,
        "file": FOUND,
        "size": len(TEXT.encode()),
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "recorded": None,
        "changed": None,
        "text": TEXT,
        "encoding": "utf-8",
        "truncated": False,
    }


def test_an_absolute_name_inside_is_found(places: Places) -> None:
    found = look_at_evidence(str(places.moc_root / FOUND), places)
    assert (found.kind, found.file) == ("file", FOUND)


def test_a_cores_own_folder_is_looked_at_first(places: Places) -> None:
    (places.moc_root / "成果.md").write_text("別", encoding="utf-8")
    assert look_at_evidence("成果.md", places).file == "work/成果.md"


def test_whether_something_outside_exists_is_never_told(places: Places, tmp_path: Path) -> None:
    (places.moc_root / "link.md").symlink_to(tmp_path / "外.md")
    (places.moc_root / "folder").symlink_to(tmp_path)
    outside = ["../外.md", "work/../../外.md", r"..\外.md", str(tmp_path / "外.md"), "link.md"]
    outside += ["folder/外.md", "folder", "..", str(places.moc_root), "/etc/passwd"]
    assert {cell: find_evidence(cell, places) for cell in outside} == dict.fromkeys(outside)
    assert find_evidence(FOUND, places) == (places.moc_root / FOUND).resolve()


@pytest.mark.parametrize(
    "cell",
    [
        "../外.md",
        r"..\外.md",
        r"C:\ORCH\..\..\外.md",
        r"C:\ORCH\..\..\..\..\..\..\..\etc\passwd",
        "/etc/passwd",
        "/dev/zero",
        "ORCH/../../外.md",
        "ORCH/a\x00b",
        "x" * 5000,
        "無い.md",
        r"C:\他所\無い.md",
        "..",
    ],
)
def test_nothing_outside_is_ever_read(places: Places, cell: str) -> None:
    found = look_at_evidence(cell, places)
    assert (found.kind, found.inside, found.sha256, found.text) == ("missing", False, None, None)


def test_a_link_to_outside_is_not_followed(places: Places, tmp_path: Path) -> None:
    link = places.moc_root / "ORCH" / "link.md"
    folder = places.moc_root / "ORCH" / "dir"
    link.symlink_to(tmp_path / "外.md")
    folder.symlink_to(tmp_path)
    for cell in ("ORCH/link.md", "ORCH/dir/外.md", "ORCH/dir"):
        assert look_at_evidence(cell, places).kind == "missing"


def test_a_link_inside_is_followed(places: Places) -> None:
    (places.moc_root / "ORCH" / "link.md").symlink_to(places.moc_root / FOUND)
    assert look_at_evidence("ORCH/link.md", places).file == FOUND


@pytest.mark.parametrize("cell", ["data/secret.key", ".git/config", "data", "ORCH/../.git/config"])
def test_keys_and_hidden_files_are_never_shown(places: Places, cell: str) -> None:
    found = look_at_evidence(cell, places)
    assert (found.kind, found.size, found.sha256, found.text) == ("private", None, None, None)


def test_a_link_to_a_private_file_is_private(places: Places) -> None:
    (places.moc_root / "ORCH" / "key.md").symlink_to(places.moc_root / "data" / "secret.key")
    assert look_at_evidence("ORCH/key.md", places).kind == "private"


@pytest.mark.parametrize("cell", ["", "-", "  "])
def test_no_evidence_is_none(places: Places, cell: str) -> None:
    assert look_at_evidence(cell, places).kind == "none"


def test_a_recorded_hash_tells_whether_the_file_changed(places: Places) -> None:
    recorded = hashlib.sha256(TEXT.encode()).hexdigest()
    assert look_at_evidence(FOUND, places, recorded).changed is False
    (places.moc_root / FOUND).write_text("書き換え", encoding="utf-8")
    assert look_at_evidence(FOUND, places, recorded).changed is True
    assert look_at_evidence("無い.md", places, recorded).changed is None


def test_a_folder_is_listed(places: Places) -> None:
    found = look_at_evidence(r"C:\x\ORCH", places)
    assert (found.kind, found.text, found.sha256) == ("folder", "STATE/\npatches/", None)
    assert look_at_evidence("ORCH", places, "0" * 64).changed is True


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_not_opened(places: Places) -> None:
    os.mkfifo(places.moc_root / "ORCH" / "pipe")
    assert look_at_evidence("ORCH/pipe", places).kind == "other"


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("証跡".encode(), "証跡", "utf-8"),
        (b"\xef\xbb\xbf" + "証跡".encode(), "証跡", "utf-8"),
        ("証跡 ①".encode("cp932"), "証跡 ①", "cp932"),
        ("証跡".encode("utf-16"), "証跡", "utf-16"),
        (b"\xfe\xff" + "証跡 a".encode("utf-16-be"), "証跡 a", "utf-16"),
        ("diff --git a".encode("utf-16-le"), "diff --git a", "utf-16"),
        ("diff --git a".encode("utf-16-be"), "diff --git a", "utf-16"),
        (b"", "", "utf-8"),
        (b"\x1b[31mred\x1b[0m\r\n\tx", "\x1b[31mred\x1b[0m\r\n\tx", "utf-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d", None, ""),
        (b"\x00\x01\x02\x03" * 9, None, ""),
        (b"\xff\xfe\x00", None, ""),
    ],
)
def test_encodings_are_recognised(data: bytes, text: str | None, encoding: str) -> None:
    assert preview(data) == {"text": text, "encoding": encoding, "truncated": False}


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
def test_a_long_text_is_cut_between_characters(encoding: str) -> None:
    found = preview(("a" + "証" * PREVIEW_BYTES).encode(encoding)[: PREVIEW_BYTES + 1])
    assert (found["encoding"], found["truncated"]) == (encoding, True)
    assert set(found["text"][1:]) == {"証"}
