"""The key that signs session cookies: made once, kept in a file only its owner reads (D52)."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from orch_next.errors import ConfigError
from orch_next.ledger.disk import Disk
from orch_next.ledger.whole import create_whole, make_folders

KEY_BYTES = 32


def load_secret_key(path: Path, disk: Disk | None = None) -> bytes:
    """Return the key in `path`, making it first where there is none; raise `ConfigError`."""
    try:
        if not path.exists():
            _create(path, disk or Disk())
        return _read(path)
    except OSError as error:
        raise ConfigError(
            f"the secret key file {path} cannot be used ({error}); "
            "ORCH_SECRET_KEY_FILE can name another place"
        ) from error


def _create(path: Path, disk: Disk) -> None:
    make_folders(path.parent, disk, private=True)
    # A name of its own: a crash in between leaves no half-written key behind.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.orch-tmp")
    try:
        create_whole(draft, secrets.token_bytes(KEY_BYTES), disk, private=True)
        _publish(draft, path)
        disk.sync_folder(path.parent)
    except FileExistsError:
        pass  # another process was faster: its key is the one
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    # Each of the two is atomic and fails where the name exists already.
    if os.name == "nt":
        draft.rename(path)
    else:
        os.link(draft, path)


def _read(path: Path) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            f"the secret key file {path} is open to others (mode {mode:04o}): chmod 600 {path}"
        )
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"the secret key file {path} has {len(key)} bytes, not {KEY_BYTES}: "
            "delete it and a new one is made (people log in again)"
        )
    return key
