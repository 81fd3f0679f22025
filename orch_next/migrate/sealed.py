"""JSON files that notice damage, and that say whether we wrote them."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_next.errors import RecordError
from orch_next.migrate.durable import open_regular, replace_text

FORMAT = 1
MAX_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Seal:
    """The key that marks what we write; `trust` also takes what bears no mark of it.

    Without a key (None) nothing is marked, and only who trusts the folder can read it back.
    """

    key: bytes | None = b""
    trust: bool = False

    def write(self, path: Path, body: Any) -> None:
        """Put a marked body in the place of a file, whole or not at all."""
        _write(path, body, {} if self.key is None else {"mac": _mac(self.key, body)})

    def read(self, path: Path) -> Any:
        """Return the body; raise `RecordError` for a damaged one or one that is not ours."""
        seal = _read(path)
        known = self.key is not None and hmac.compare_digest(
            str(seal.get("mac", "")).encode(), _mac(self.key, seal["body"]).encode()
        )
        if not (known or self.trust):
            raise RecordError(
                f"{path} does not bear the mark of this account: another account or machine wrote "
                "it, or somebody changed it. Look at it, and where you trust everybody who can "
                "write that folder, add --trust-folder; nothing was touched"
            )
        return seal["body"]


def write_sealed(path: Path, body: Any) -> None:
    """Put a body in the place of a file, whole or not at all; it bears no mark."""
    _write(path, body, {})


def read_sealed(path: Path) -> Any:
    """Return the body; FileNotFoundError passes, anything odd is a `RecordError` with the path."""
    return _read(path)["body"]


def _write(path: Path, body: Any, more: dict[str, str]) -> None:
    seal = {"format": FORMAT, "sha256": _digest(body), **more, "body": body}
    replace_text(path, json.dumps(seal, indent=1) + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        seal = json.loads(_bytes(path))
        fine = seal["format"] == FORMAT and seal["sha256"] == _digest(seal["body"])
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"{path} is damaged: {error}; nothing was touched") from error
    if not fine:
        raise RecordError(
            f"{path} is damaged or from another version: its content does not match its seal; "
            "nothing was touched"
        )
    return dict(seal)


def _bytes(path: Path) -> bytes:
    with open_regular(path) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES:,} bytes")
    return data


def _digest(body: Any) -> str:
    return hashlib.sha256(_text(body)).hexdigest()


def _mac(key: bytes, body: Any) -> str:
    return hmac.new(key, _text(body), hashlib.sha256).hexdigest()


def _text(body: Any) -> bytes:
    return json.dumps(body, sort_keys=True).encode()
