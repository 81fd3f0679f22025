"""`orch-next init`: prepare a repository for the ledgers; what is there already stays."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orch_next.cli.guard import FAILED, FINE
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, print_json
from orch_next.cli.repository import (
    ATTRIBUTES,
    DRIVER,
    LedgerRepository,
    driver_command,
    find_repository,
)
from orch_next.config import load_settings
from orch_next.core.schema import KINDS, LedgerKind
from orch_next.errors import ConfigError, InputError
from orch_next.storage.atomic import create_whole, make_folders
from orch_next.storage.disk import Disk


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Install git's merge driver for the ledgers; with `--new` make empty ledgers first."""
    done: list[str] = []
    if args.new:
        given = {"root": args.orch_root} if args.orch_root else {}
        done += make_ledgers(load_settings(environ, given).state_folder)
    state = settings_for(args, environ).state_folder
    repository = find_repository(state)
    if repository is not None:
        done += install(repository)
    _tell(args.json, done, repository)
    return FINE if repository is not None or args.new else FAILED


def make_ledgers(state: Path, disk: Disk | None = None) -> list[str]:
    """Make the three ledgers without rows; raise InputError unless the folder is empty."""
    if state.exists() and (not state.is_dir() or any(state.iterdir())):
        raise InputError(f"{state} is not empty: nothing was made")
    disk = disk or Disk()
    make_folders(state, disk)
    for kind in KINDS:
        create_whole(state / kind.file_name, _empty_ledger(kind).encode(), disk)
    disk.sync_folder(state)
    return [f"made {state / kind.file_name}" for kind in KINDS]


def _empty_ledger(kind: LedgerKind[Any]) -> str:
    head = " | ".join(kind.columns)
    return f"# {kind.file_name}\n\n| {head} |\n|{'---|' * len(kind.columns)}\n"


def install(repository: LedgerRepository) -> list[str]:
    """Install what is missing and return what was done; raise `GitError`, `ConfigError`."""
    return [*_install_driver(repository), *_install_attributes(repository)]


def _install_driver(repository: LedgerRepository) -> Iterator[str]:
    command = driver_command()
    if repository.driver() != command:
        repository.set_driver(command)
        yield f"set merge.{DRIVER}.driver in the configuration of {repository.git.folder}"


def _install_attributes(repository: LedgerRepository) -> Iterator[str]:
    missing = repository.unmarked()
    if not missing:
        return
    path = repository.state / ATTRIBUTES
    before = path.read_bytes() if path.exists() else b""
    eol = b"\r\n" if b"\r\n" in before else b"\n"
    lines = [f"{name} merge={DRIVER}".encode() + eol for name in missing]
    with path.open("ab") as file:
        file.write((eol if before and not before.endswith(b"\n") else b"") + b"".join(lines))
    if repository.unmarked():
        raise ConfigError(
            f"other attributes overrule {path}: look for merge= in "
            f"{repository.git.folder / '.git' / 'info' / 'attributes'}"
        )
    yield f"wrote {', '.join(missing)} to {path}"


def _tell(as_json: bool, done: list[str], repository: LedgerRepository | None) -> None:
    where = str(repository.git.folder) if repository else None
    if as_json:
        print_json({"repository": where, "done": done})
        return
    for line in done:
        print(as_line(line))
    if repository is None:
        print("no git repository encloses the ledgers: no merge driver is needed")
    elif not done:
        print("everything is in place already")
