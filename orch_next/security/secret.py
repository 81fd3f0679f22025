"""The key that signs session cookies: made once, kept in a file only its owner reads (D52)."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from orch_next.errors import ConfigError
from orch_next.storage.atomic import create_once, make_folders
from orch_next.storage.disk import Disk

KEY_BYTES = 32


def load_secret_key(path: Path, disk: Disk | None = None) -> bytes:
    """Return the key in `path`, making it first where there is none; raise `ConfigError`."""
    try:
        if not path.exists():
            make_folders(path.parent, disk, private=True)
            create_once(path, secrets.token_bytes(KEY_BYTES), disk)
        return _read(path)
    except OSError as error:
        raise ConfigError(
            f"the secret key file {path} cannot be used ({error}); "
            "ORCH_SECRET_KEY_FILE can name another place"
        ) from error


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
