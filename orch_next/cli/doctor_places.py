"""What `orch-next doctor` checks of files, database, port and repository."""

from __future__ import annotations

import errno
import os
import secrets
import shlex
import shutil
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from orch_next.cli.findings import Finding, fail, ok, warn
from orch_next.cli.repository import (
    ATTRIBUTES,
    LedgerRepository,
    driver_command,
    find_repository,
)
from orch_next.config import SECRETS_FILE, Settings
from orch_next.core.state import State
from orch_next.errors import BusyError, ConfigError, DatabaseError
from orch_next.ledger.unfinished import find_unfinished, how_to_end
from orch_next.security.exposure import check_exposure
from orch_next.sensors.git.command import GitError
from orch_next.storage.database import Database
from orch_next.storage.private import closed, is_open, private_places
from orch_next.storage.process_locks import locked

_PATIENCE = 2.0
_SHOWN = 10
_PRIVATE = ("config/*.key", "data/*.key", ".env", str(SECRETS_FILE))


def check_ledgers(state: State) -> Iterator[Finding]:
    """Tell whether the ledgers can be read, and how many problems they have."""
    problems = state.problems()
    damage = [one for one in problems if one.severity == "damage"]
    for one in damage:
        yield fail("ledgers", f"{one.file}:{one.line}: {one.message}", "mend it in an editor")
    for one in problems:
        if one.code == "conflict-copy":
            yield warn("ledgers", one.message, "compare it with the ledger")
    others = sum(one.severity in ("row", "warning") for one in problems)
    if others:
        yield warn("ledgers", f"{others} problems in rows", "orch-next check --strict")
    elif not damage:
        yield ok("ledgers", f"readable in {state.folder}")


def check_lock(folder: Path) -> Finding:
    """Try on this file system whether a held lock keeps others out."""
    probe = folder / f".doctor-{secrets.token_hex(4)}.lock"
    try:
        with locked(probe, _PATIENCE), suppress(BusyError), locked(probe, 0.0):
            return fail("lock", f"two writers can hold one lock in {folder}", _LOCAL)
        return ok("lock", f"works in {folder}")
    except BusyError as error:
        return fail("lock", f"no lock is to be had in {folder}: {error}", _LOCAL)
    except OSError as error:
        mend = "give the server's user the right to write there"
        return fail("lock", f"{folder} cannot be written: {error.strerror}", mend)
    finally:
        for name in (probe.name, f"{probe.name}-next"):
            with suppress(OSError):
                (folder / name).unlink(missing_ok=True)


_LOCAL = "keep STATE on a local file system, or one with working flock"


def check_database(url: str) -> Finding:
    """Look at the database as the server will open it; change nothing."""
    try:
        database = Database(url)
        try:
            return ok("database", database.examine())
        finally:
            database.close()
    except DatabaseError as error:
        reason, _, command = error.reason.partition("; ")
        return fail("database", reason, command or "look at database_url, and at the file's rights")
    except ConfigError as error:
        return fail("database", str(error), "look at ORCH_DATABASE_URL")


def check_rights(root: Path) -> Iterator[Finding]:
    """Tell of private files that others may read, and of what root left behind."""
    open_ones = [path for path in private_places(root) if path.exists() and is_open(path)]
    for path in open_ones[:_SHOWN]:
        mode = stat.S_IMODE(path.stat().st_mode)
        mend = f"chmod {closed(mode):o} {shlex.quote(str(path))}, or start the server"
        yield warn("rights", f"{path} is open to others (mode {mode:04o})", mend)
    lost = list(_owned_by_root(root))
    for path, owner in lost[:_SHOWN]:
        mend = f"chown {owner} {shlex.quote(str(path))}"
        yield fail("rights", f"{path} is owned by root, and the server is not root", mend)
    if not open_ones and not lost:
        yield ok("rights", "data and lock files belong to whom they should")


def _owned_by_root(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield what root made in folders of others, and whose it should be."""
    state, data = root / "STATE", root.parent / "data"
    if state.is_dir():
        files = (path for path in state.iterdir() if path.is_file())
        yield from _not_of(state.stat(), files)
    if data.is_dir():
        yield from _not_of(root.parent.stat(), (data, *data.iterdir()))


def _not_of(owner: os.stat_result, paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in sorted(paths):
        if owner.st_uid and path.lstat().st_uid == 0:
            yield path, f"{owner.st_uid}:{owner.st_gid}"


def check_port(host: str, port: int) -> Finding:
    """Tell whether the server could listen."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], address[1]) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            mend = "fine if ORCH-Next runs already; else choose another one with ORCH_PORT"
            return warn("port", f"{host}:{port} is taken", mend)
        return fail("port", f"{host}:{port}: {error.strerror}", "look at ORCH_HOST and ORCH_PORT")
    return ok("port", f"{host}:{port} is free")


def check_door(settings: Settings) -> Finding:
    """Tell whether strangers could reach an open program."""
    try:
        check_exposure(settings)
    except ConfigError as error:
        return fail("exposure", str(error), "set ORCH_AUTH=token, or ORCH_HOST=127.0.0.1")
    return ok("exposure", f"{settings.host}, authentication {settings.auth}")


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Tell of secret files that others may read."""
    if os.name != "posix":
        yield ok("secrets", "file modes mean nothing here; the folder's rights count")
        return
    found = {path for name in _PRIVATE for path in settings.moc_root.glob(name)}
    found |= {path for path in (settings.secret_key_path,) if path.exists()}
    open_ones = [path for path in sorted(found) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in open_ones:
        mode = stat.S_IMODE(path.stat().st_mode)
        mend = f"chmod 600 {shlex.quote(str(path))}"
        yield fail("secrets", f"{path} is open to others (mode {mode:04o})", mend)
    if not open_ones:
        yield ok("secrets", f"{len(found)} files, closed to others")


def check_merge_driver(state: Path) -> Iterator[Finding]:
    """Tell whether git merges the ledgers by record in this clone."""
    repository = find_repository(state)
    if repository is None:
        yield ok("merge driver", "no git repository encloses the ledgers")
        return
    try:
        yield _check_driver(repository)
        yield from _check_tracked(repository)
    except GitError as error:
        yield warn("merge driver", str(error), "run git status in the repository")


def check_unfinished(state: Path) -> Iterator[Finding]:
    """Tell of a merge, rebase or the like that keeps the ledgers from being written."""
    operation = find_unfinished(state.resolve() / "TASKS.md")
    if operation:
        message = f"git {operation} is not finished: nothing is written meanwhile"
        yield warn(f"git {operation}", message, how_to_end(operation))


def _check_driver(repository: LedgerRepository) -> Finding:
    name, mend = "merge driver", "orch-next init"
    command, unmarked = repository.driver(), repository.unmarked()
    if not command:
        return warn(name, f"not installed in {repository.git.folder}", mend)
    if unmarked:
        return warn(name, f"{ATTRIBUTES} does not name {', '.join(unmarked)}", mend)
    program = shlex.split(command.replace("%%", "%"))[0]
    if shutil.which(program) is None:
        return fail(name, f"its program is gone: {program}", mend)
    if command != driver_command():
        return warn(name, "belongs to another installation of ORCH-Next", mend)
    return ok(name, f"installed in {repository.git.folder}")


def _check_tracked(repository: LedgerRepository) -> Iterator[Finding]:
    """Warn of what the server writes all the time and git cannot merge, or should not see."""
    data = repository.state.parent.parent / "data"
    if not data.is_relative_to(repository.git.folder):
        return
    listed = repository.git.run("ls-files", "-z", "--", str(data)).decode("utf-8", "replace")
    for name in (one for one in listed.split("\0") if one.endswith((".db", ".key"))):
        mend = f"git rm --cached {shlex.quote(name)}, and a line /data/ in .gitignore"
        yield warn("git", f"{name} is in the repository: branches will conflict in it", mend)
