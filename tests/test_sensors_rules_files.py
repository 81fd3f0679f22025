"""Checks of single files: planted faults are found at their line, clean samples are silent."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from orch_next.core.artifacts import artifact_sha256
from orch_next.sensors.rules.config import DEFAULT, Rule
from orch_next.sensors.rules.files import Content, Finding, read_content, walk_files
from orch_next.sensors.rules.formatting import UNFORMATTED, check_formatting, find_ruff, parse_diff
from orch_next.sensors.rules.powershell import check_powershell
from orch_next.sensors.rules.secrets import check_secrets, entropy_of, find_secret, mask
from orch_next.sensors.rules.text import check_encoding, check_eol


def rule(key: str) -> Rule:
    return DEFAULT.get(key)


@pytest.mark.parametrize(
    ("file", "data", "lines"),
    [
        ("a.md", "一\r\n二\r\n".encode(), [(1, "改行が LF ではありません (CRLF: 2 行)")]),
        ("a.md", "一\n二\r三\n".encode(), [(2, "改行が LF ではありません (CR: 1 行)")]),
        ("A.MD", b"1\n2\n3\r\n4\r", [(3, "改行が LF ではありません (CRLF と CR: 2 行)")]),
        ("a.md", "一\n\u2028二\n".encode(), []),
        ("a.ps1", b"1\r\n", []),
        ("a.md", b"", []),
    ],
)
def test_line_endings(file: str, data: bytes, lines: list[tuple[int, str]]) -> None:
    found = check_eol(Content(file, data), rule("eol"))
    assert [(one.line, one.message) for one in found] == lines


@pytest.mark.parametrize(
    ("file", "data", "lines"),
    [
        ("a.md", "\ufeff日本語\n".encode(), []),
        ("a.md", "一行目\n".encode() + "二行目".encode("cp932"), [2]),
        ("a.ps1", "# 日本語".encode("utf-16"), [1]),
        ("絵.png", b"\x89PNG\xff", []),
    ],
)
def test_encodings(file: str, data: bytes, lines: list[int]) -> None:
    assert [one.line for one in check_encoding(Content(file, data), rule("encoding"))] == lines


def random_text(seed: str, size: int = 40) -> str:
    """Return letters and digits that look generated, the same every time."""
    digest = hashlib.sha512(seed.encode()).digest()
    return base64.b64encode(digest).decode().replace("+", "k").replace("/", "7")[:size]


R = random_text("種")
SECRETS = [
    ("-----BEGIN RSA PRIVATE KEY-----", "秘密鍵"),
    (f'aws = "AKIA{R[:16].upper()}"', "AWS のアクセスキー"),
    (f"token: ghp_{random_text('a')}", "GitHub のトークン"),
    (f"SLACK=xoxb-{random_text('b', 30)}", "Slack のトークン"),
    (f"key=AIza{random_text('c', 35)}", "Google の API キー"),
    (f"Authorization: Bearer orch_0123456789ab_{random_text('d', 43)}", "ORCH のトークン"),
    (f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.{random_text('e')}", "JWT"),
    ("postgresql://orch:Zu4kk9Wq@db/orch", "URL の中のパスワード"),
    (f'"webhook_secret": "{R[:24]}"', "秘密の値"),
    (f"$ApiKey = '{R[:32]}'", "秘密の値"),
    (f"PASSWORD={R[:20]}", "秘密の値"),
    (f"| 008 | 設定 | token = {R[:24]} |", "秘密の値"),
]


@pytest.mark.parametrize(("line", "kind"), SECRETS, ids=[kind for _, kind in SECRETS])
def test_planted_secrets_are_found_and_never_shown(line: str, kind: str) -> None:
    content = Content("メモ.md", f"一行目\r\n{line}\r\n".encode())
    found = list(check_secrets(content, rule("secrets")))
    assert [(one.line, one.message.split(":")[0]) for one in found] == [(2, kind)]
    told = find_secret(line, 3.5, 16)
    assert told and (len(told[1]) <= 8 or told[1] not in found[0].message)


CLEAN = [
    'password = "CHANGE_ME_DEV_ONLY"',
    "token = os.environ['ORCH_TOKEN']",
    "api_key: ${API_KEY}",
    'secret_key_file = "data/secret.key"',
    "webhook_secret_previous: str = field(default='', repr=False)",
    f"payload_sha256={hashlib.sha256(b'x').hexdigest()}",
    "tokenize(text, max_tokens=1234567890123456)",
    'password = "パスワードをここに書く"',
    "https://example.com/token/reset?page=2",
    "postgresql://user:password@localhost/db",
    "| 001 | secret の扱いを決める | PLAN | CMD |",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    'evidence: "C:\\Users\\User\\Trae\\MOC\\ORCH\\patches\\2025-10\\003-A002.diff.md"',
    "const tokenCount = tokens.length;",
    "key = 'aaaaaaaaaaaaaaaaaaaa1'",
]


@pytest.mark.parametrize("line", CLEAN)
def test_a_clean_line_raises_no_alarm(line: str) -> None:
    assert find_secret(line, 3.5, 16) is None


def test_the_mask_and_the_entropy() -> None:
    assert (mask("abcdefgh"), entropy_of("aaaa"), entropy_of("abab")) == ("abcd… (8 文字)", 0, 1)


POWERSHELL = [
    ("Get-ChildItem | Select Name\n", []),
    (
        "param($Path)\n\nRemove-Item $Path -Recurse\n",
        [(3, "ドライランのない変更です: Remove-Item")],
    ),
    ("param([bool]$DryRun = $true)\nif (-not $DryRun) { Remove-Item x }\n", []),
    ("param([switch]$Apply)\nif ($Apply) { Set-Content x y }\n", []),
    ("[CmdletBinding(SupportsShouldProcess)]\nparam()\nMove-Item a b\n", []),
    (
        "# 既定\nparam([bool]$DryRun = $false)\nMove-Item a b\n",
        [(2, "ドライランが既定で無効です: $DryRun = $false")],
    ),
    ("<#\nRemove-Item は使わない\n#>\nWrite-Host 'ok' # Set-Content\n", []),
    ("<#\n説明\n#>\ngit push origin main\n", [(4, "ドライランのない変更です: git push")]),
]


@pytest.mark.parametrize(("code", "told"), POWERSHELL)
def test_powershell_changes_only_when_asked(code: str, told: list[tuple[int, str]]) -> None:
    found = check_powershell(Content("scripts/片付け.ps1", code.encode()), rule("powershell"))
    assert [(one.line, one.message) for one in found] == told


def test_ruff_finds_the_first_line_and_broken_code(tmp_path: Path) -> None:
    ruff = find_ruff()
    assert ruff is not None
    files = {"良い.py": "x = 1\n", "書式 a.py": "x = 1\ny=2\n", "-壊れた.py": "\ndef f(:\n"}
    for name, code in files.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    found = list(check_formatting(ruff, tmp_path, list(files), 60.0))
    assert [(one.file, one.line, one.key) for one in found] == [
        ("書式 a.py", 2, "format"),
        ("-壊れた.py", 2, "syntax"),
    ]


def test_a_diff_that_only_removes_lines() -> None:
    diff = "--- a.py\n+++ a.py\n@@ -3,4 +3,3 @@\n x = 1\n \n-\n y = 2\n"
    assert list(parse_diff(diff)) == [Finding("a.py", 5, UNFORMATTED, "format")]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere ctime is the creation")
def test_a_save_that_keeps_size_and_time_has_another_signature(tmp_path: Path) -> None:
    path = tmp_path / "手順.md"
    path.write_bytes(b"ab\n")
    before = path.stat()
    (found,) = walk_files(tmp_path, DEFAULT)
    with path.open("r+b") as file:
        file.write(b"cd\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (again,) = walk_files(tmp_path, DEFAULT)
    assert (found.size, found.signature == again.signature) == (3, False)


def test_the_walk_stays_inside_and_within_bounds(tmp_path: Path) -> None:
    for name in ("ORCH/STATE/TASKS.md", ".git/config", "a/node_modules/x.js", "LOGS/b.md", "c.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("日本", encoding="utf-8")
    outside = tmp_path.parent / "outside.md"
    outside.write_text("x", encoding="utf-8")
    (tmp_path / "link.md").symlink_to(outside)
    (tmp_path / "loop").symlink_to(tmp_path)
    found = list(walk_files(tmp_path, DEFAULT))
    assert [one.file for one in found] == ["c.md", "ORCH/STATE/TASKS.md"]
    assert read_content(tmp_path, found[0], 100) == Content("c.md", "日本".encode())
    assert read_content(tmp_path, found[0], 5) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text_is_walked(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.md")).write_bytes(b"x\r\n")
    found = [read_content(tmp_path, one, 100) for one in walk_files(tmp_path, DEFAULT)]
    assert [len(list(check_eol(one, rule("eol")))) for one in found if one] == [1]


@pytest.mark.parametrize(
    "name", ["orch.db", "orch.db-wal", "orch.DB-shm", "知識.sqlite3", "a-journal"]
)
def test_databases_are_for_sqlite_alone(tmp_path: Path, name: str) -> None:
    # Reading one would drop SQLite's locks in this process, and kill it later (SIGBUS).
    (tmp_path / name).write_bytes(b"SQLite format 3\0")
    (tmp_path / "台帳.md").write_text("行\n", encoding="utf-8")
    found = [one.file for one in walk_files(tmp_path, DEFAULT)]
    assert (found, artifact_sha256(name, [tmp_path])) == (["台帳.md"], None)
