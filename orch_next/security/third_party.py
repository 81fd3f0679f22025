"""Third-party scripts: our copy in static/vendor, else the same files from a CDN.

`static/vendor.json` names each file with its hash (scripts/vendor.py); browsers check the hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

LOCK = "vendor.json"
FOLDER = "vendor"


def sources(static: Path, prefix: str) -> dict[str, dict[str, Any]]:
    """Return library -> its `global` and `files` (`url`, `integrity`); `prefix` is static's URL."""
    here = is_complete(static)
    return {
        name: {
            "global": entry["global"],
            "files": [
                {
                    "url": f"{prefix}/{FOLDER}/{file['name']}" if here else file["cdn"],
                    "integrity": file["integrity"],
                }
                for file in entry["files"]
            ],
        }
        for name, entry in _lock(static / LOCK).items()
    }


@lru_cache(maxsize=4)
def is_complete(static: Path) -> bool:
    """Tell whether every third-party file lies in static/vendor, as it was at the first question.

    The policy is made once: a page that named the CDN later would be refused its scripts.
    """
    lock = _lock(static / LOCK)
    return all((static / FOLDER / file["name"]).is_file() for file in _files(lock))


def policy_sources(static: Path) -> tuple[str, ...]:
    """Return the CDN's files that the security policy must allow: none where we have our own."""
    lock = _lock(static / LOCK)
    return () if is_complete(static) else tuple(file["cdn"] for file in _files(lock))


def _files(lock: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    return (file for entry in lock.values() for file in entry["files"])


@lru_cache(maxsize=4)
def _lock(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return found
