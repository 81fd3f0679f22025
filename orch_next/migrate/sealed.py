"""JSON files that notice damage: a format number and the sha256 of what they hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from orch_next.errors import RecordError
from orch_next.migrate.durable import replace_text

FORMAT = 1


def write_sealed(path: Path, body: Any) -> None:
    """Put a body in the place of a file, whole or not at all."""
    seal = {"format": FORMAT, "sha256": _digest(body), "body": body}
    replace_text(path, json.dumps(seal, indent=1) + "\n")


def read_sealed(path: Path) -> Any:
    """Return the body; FileNotFoundError passes, anything odd is a `RecordError` with the path."""
    try:
        seal = json.loads(path.read_bytes())
        fine = seal["format"] == FORMAT and seal["sha256"] == _digest(seal["body"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"{path} is damaged: {error}; nothing was touched") from error
    if not fine:
        raise RecordError(
            f"{path} is damaged or from another version: its content does not match its seal; "
            "nothing was touched"
        )
    return seal["body"]


def _digest(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
