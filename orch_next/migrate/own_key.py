"""The key that marks journals and manifests as ours; it lies outside every target."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from orch_next.migrate.durable import flush, open_regular, sync_folder

FILE_NAME = "migration.key"
_BYTES = 32


def key_path(environ: Mapping[str, str]) -> Path:
    """Return the key's file in the state folder of the account that runs us."""
    named = environ.get("XDG_STATE_HOME") or (os.name == "nt" and environ.get("LOCALAPPDATA"))
    return Path(named or _home() / ".local" / "state") / "orch-next" / FILE_NAME


def _home() -> Path:
    """Return the account's own folder: HOME may be another's where a person became root."""
    if os.name == "posix" and os.geteuid() == 0:
        return Path("~root").expanduser()
    return Path.home()


def load_key(path: Path, target: Path, *, make: bool = False) -> bytes | None:
    """Return the key, made on demand; None where there is none that nobody else can write."""
    if path.resolve().is_relative_to(target):
        return None
    with contextlib.suppress(OSError):
        if make and not path.exists():
            _make(path)
        return _read(path)
    return None


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temp = path.with_name(f"{FILE_NAME}.{os.getpid()}.tmp")
    with open(temp, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(secrets.token_bytes(_BYTES))
        flush(file)
    try:
        temp.rename(path) if os.name == "nt" else path.hardlink_to(temp)
    except FileExistsError:
        pass  # another run made it first: that one counts
    except OSError:
        temp.rename(path)  # a file system without links
    finally:
        temp.unlink(missing_ok=True)
    sync_folder(path.parent)


def _read(path: Path) -> bytes | None:
    with open_regular(path) as file:
        info, key = os.fstat(file.fileno()), file.read(_BYTES + 1)
    mine = os.name != "posix" or (info.st_uid == os.geteuid() and not info.st_mode & 0o077)
    return key if mine and len(key) == _BYTES else None
