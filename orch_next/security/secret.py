"""The key that signs session cookies: made once, kept in a file only its owner reads (D52)."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from orch_next.errors import ConfigError
from orch_next.storage.private import make_folder, open_private

KEY_BYTES = 32


def load_secret_key(path: Path) -> bytes:
    """Return the key in `path`, making it first where there is none; raise `ConfigError`."""
    try:
        if not path.exists():
            _create(path)
        return _read(path)
    except OSError as error:
        raise ConfigError(
            f"the secret key file {path} cannot be used ({error}); "
            "ORCH_SECRET_KEY_FILE can name another place"
        ) from error


def _create(path: Path) -> None:
    make_folder(path.parent)
    # A name of its own: a crash in between leaves no half-written key behind.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.orch-tmp")
    try:
        _write_private(draft, secrets.token_bytes(KEY_BYTES))
        _publish(draft, path)
    except FileExistsError:
        pass  # another process was faster: its key is the one
    finally:
        draft.unlink(missing_ok=True)


def _write_private(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | getattr(os, "O_BINARY", 0)
    with os.fdopen(open_private(path, flags), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


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
