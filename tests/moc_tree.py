"""Test tool: a fabricated MOC installation with every quirk that the migration must survive.

`tests/data/moc/tree` holds its text files in UTF-8 with LF and plain names; what depends on
encodings, line ends, modes, times, links or Japanese file names is made here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Literal

from tests.moc_databases import build_databases
from tests.sample import REPOSITORY

SAMPLES = REPOSITORY / "tests" / "data" / "moc"
BIG_ROWS = 10_000
BIG_DATABASE_MB = 100
BIG_LOGS_MB = 1024
# The moment of every file (2025-10-09T09:54:09Z and a bit), so that kept times can be seen.
MTIME_NS = 1_760_003_649_123_456_000

_RENAMED = {".env.moc": ".env"}
_CRLF_BOM = ("ORCH/STATE/TASKS.md",)
_CRLF = ("STATE/TASKS.md", "start_dashboard.bat", "ORCH/scripts/ops/start_work.cmd")
_UTF16 = ("scheduled/ORCH-Dispatcher.xml",)
_UTF8_BOM = ("ORCH/scripts/ops/Task-Dispatcher.ps1", "config/agents_api.json")

_LINES = (
    "2025-10-08 01:00:00 [INFO] ディスパッチ開始 core=WORK_AI_01\n"
    "2025-10-08 01:00:05 [警告] 承認待ち①\n"
)
_DECISIONS = (
    f"[TS=2025-10-01T10:30:00Z] id=001 op=pending→approved by=AUDIT sha_in={'a' * 64} "
    f'sha_out={"b" * 64} note="証跡を確認"\n'
    f"[TS=2025-10-08T01:00:00Z] id=deploy-004 op=pending→rejected by=CMD sha_in={'b' * 64} "
    f'sha_out={"c" * 64} note="延期"\n'
)
_CRLF_LINES = _LINES.replace("\n", "\r\n")
# path -> bytes of the logs; the encodings are what Python, cmd.exe and PowerShell write
LOGS: dict[str, bytes] = {
    "ORCH/LOGS/2025-10/orch_dashboard.log": _LINES.encode(),
    "ORCH/LOGS/2025-10/dispatcher.log": _CRLF_LINES.encode("cp932"),
    "ORCH/LOGS/2025-10/transcript.txt": b"\xff\xfe" + _CRLF_LINES.encode("utf-16-le"),
    "ORCH/LOGS/2025-10/transcript_be.txt": b"\xfe\xff" + _CRLF_LINES.encode("utf-16-be"),
    "ORCH/LOGS/2025-10/out-file.log": b"\xef\xbb\xbf" + _CRLF_LINES.encode(),
    "ORCH/LOGS/2025-10/mixed.log": _LINES.encode("cp932") + _LINES.encode(),
    "ORCH/LOGS/2025-10/empty.log": b"",
    "ORCH/LOGS/2025-10/APPROVALS-2025-10-08.md": _DECISIONS.encode(),
    "ORCH/LOGS/2025-10/夜間 巡回ログ.log": _LINES.encode(),
    "ORCH/LOGS/archive/2025-09.log.gz": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00"
    + bytes(8),
    "LOGS/2025-10/APPROVALS-2025-10-07.md": _DECISIONS.splitlines(keepends=True)[0].encode(),
    "data/logs/current/dashboard_app.log": _CRLF_LINES.encode("cp932"),
    "data/logs/current/locks_eol_guard.log": b"guard started\n",
    "data/logs/current/locks_eol_guard.heartbeat": b"2025-10-09T09:54:09Z\n",
    # the same relative name as a file of ORCH/LOGS with other content: both must survive
    "data/logs/2025-10/dispatcher.log": "もう一つの dispatcher.log\n".encode(),
}


def build_moc(
    folder: Path, *, big: bool = False, tasks: Literal["table", "bullets"] = "table"
) -> Path:
    """Build `folder`/MOC and return it; `big`: 10,000 rows, 100 MB of SQLite, 1 GB of logs.

    `MOC/STATE` is the other root of D01 and disagrees with `MOC/ORCH/STATE`; `tasks` chooses
    the dialect of TASKS.md. Nothing but `MOC` is made below `folder`.
    """
    moc = folder / "MOC"
    _copy_samples(moc)
    if tasks == "bullets":
        shutil.copyfile(SAMPLES / "TASKS.bullets.md", moc / "ORCH" / "STATE" / "TASKS.md")
    for name, data in LOGS.items():
        _write(moc / name, data)
    _write(moc / "ORCH" / "docs" / "UI確認.md", "# UI確認\n\n確認済み。\n".encode())
    build_databases(moc / "data", megabytes=BIG_DATABASE_MB if big else 0)
    if big:
        _grow(moc)
    _set_modes_and_links(moc)
    return moc


def tree_hash(root: Path, *, skip: tuple[str, ...] = ("data/migration",)) -> str:
    """Return one sha256 over every path, kind, mode, mtime (ns), link target and content.

    Folders count by name and mode; paths under `skip` do not count.
    """
    whole = hashlib.sha256()
    for line in tree_lines(root, skip=skip):
        whole.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def tree_lines(root: Path, *, skip: tuple[str, ...] = ("data/migration",)) -> list[str]:
    """Return what `tree_hash` hashes, one line for each path, so that a test can show both."""
    found = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*"))
    kept = [(name, path) for name, path in found if not _is_below(name, skip)]
    names = {name for name, _path in found} - {name for name, _path in kept}
    # A folder that holds nothing but what does not count does not count either.
    empty = {
        parent
        for parent in (name.rpartition("/")[0] for name in names)
        if parent and not any(name.startswith(f"{parent}/") for name, _path in kept)
    }
    return [_line(name, path) for name, path in kept if name not in empty]


def _is_below(name: str, folders: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}/") for one in folders)


def _line(name: str, path: Path) -> str:
    if path.is_symlink():
        return f"{name} -> {path.readlink()}"
    status = path.stat()
    mode = f"{status.st_mode & 0o7777:04o}"
    if path.is_dir():
        return f"{name}/ {mode}"
    return f"{name} {mode} {status.st_mtime_ns} {_digest(path)}"


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()


def _copy_samples(moc: Path) -> None:
    tree = SAMPLES / "tree"
    for path in sorted(tree.rglob("*")):
        if path.is_file():
            name = path.relative_to(tree).as_posix()
            text = path.read_text(encoding="utf-8")
            target = _RENAMED.get(name, name.removesuffix(".txt") if ".py." in name else name)
            _write(moc / target, _encoded(target, text))


def _encoded(name: str, text: str) -> bytes:
    crlf = text.replace("\n", "\r\n")
    if name in _UTF16:
        return b"\xff\xfe" + crlf.encode("utf-16-le")
    if name in _CRLF_BOM:
        return b"\xef\xbb\xbf" + crlf.encode()
    if name in _UTF8_BOM:
        return b"\xef\xbb\xbf" + text.encode()
    return (crlf if name in _CRLF else text).encode()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _grow(moc: Path) -> None:
    tasks = moc / "ORCH" / "STATE" / "TASKS.md"
    row = "| {0:05} | 作業 {0} | READY | WORK | - | - | - | 2025-12-01 | - | 一括登録 |\r\n"
    rows = "".join(row.format(number) for number in range(10_000, 10_000 + BIG_ROWS))
    text = tasks.read_bytes().decode("utf-8")
    tasks.write_bytes(text.replace("\r\n\r\n## 状態定義", f"\r\n{rows}\r\n## 状態定義").encode())
    _write_big_logs(moc / "ORCH" / "LOGS" / "2025-08", BIG_LOGS_MB)


def _write_big_logs(folder: Path, megabytes: int) -> None:
    """Write logs of 64 MB in three encodings; each chunk begins with its number."""
    folder.mkdir(parents=True, exist_ok=True)
    encodings = ("utf-8", "cp932", "utf-16-le")
    for number in range(0, megabytes, 64):
        encoding = encodings[number // 64 % 3]
        with (folder / f"service-{number:04}.log").open("wb") as file:
            file.write(b"\xff\xfe" if encoding == "utf-16-le" else b"")
            for chunk in range(number, number + 64):
                head = f"{chunk:08}\r\n".encode(encoding)
                line = _CRLF_LINES.encode(encoding)
                file.write(head + line * ((1 << 20) // len(line)))


def _set_modes_and_links(moc: Path) -> None:
    for path in sorted(moc.rglob("*")):
        if path.is_file():
            os.utime(path, ns=(MTIME_NS, MTIME_NS))
    if os.name != "posix":
        return
    (moc / "ORCH" / "LOGS" / "latest.log").symlink_to("2025-10/orch_dashboard.log")
    (moc / "ORCH" / "LOGS" / "gone.log").symlink_to("2025-01/gone.log")
    (moc / "data" / "current_state").symlink_to("../ORCH/STATE")
    (moc / "config" / "secrets.json").chmod(0o600)
    (moc / "ORCH" / "STATE" / "APPROVALS.md").chmod(0o664)
    (moc / "ORCH" / "scripts" / "ops" / "Task-Dispatcher.ps1").chmod(0o755)
    (moc / "ORCH" / "LOGS" / "2025-10" / "orch_dashboard.log").chmod(0o640)
    (moc / "ORCH" / "LOGS" / "archive").chmod(0o750)
