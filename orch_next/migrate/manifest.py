"""What one step changes: each path before and after, and where its former content is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from orch_next.errors import RecordError
from orch_next.migrate.bounds import is_name, is_written_inner
from orch_next.migrate.facts import Fact, as_fact
from orch_next.migrate.sealed import Seal

FILE_NAME = "manifest.json"
Store = Literal["", "link", "copy", "gzip"]


@dataclass(frozen=True)
class Item:
    """One path, relative to the target; `name` is its file in the backup and in staging."""

    path: str
    name: str
    before: Fact
    after: Fact
    store: Store = ""


@dataclass(frozen=True)
class Manifest:
    """One step of one run; `folders` are those that its commit makes, outermost first."""

    run: str
    step: str
    items: tuple[Item, ...]
    folders: tuple[str, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """Return the paths it touches."""
        return frozenset(item.path for item in self.items)


def save_manifest(folder: Path, manifest: Manifest, seal: Seal | None = None) -> None:
    """Write the manifest into a backup's folder, the last of its files."""
    (seal or Seal()).write(folder / FILE_NAME, _as_json(manifest))


def load_manifest(folder: Path, run: str, step: str, seal: Seal | None = None) -> Manifest:
    """Read a manifest; raise `RecordError` when it is missing, damaged, not ours, or another's."""
    path = folder / FILE_NAME
    try:
        manifest = _as_manifest((seal or Seal()).read(path))
    except FileNotFoundError as error:
        raise RecordError(f"{path} is missing; nothing was touched") from error
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{path} is damaged: {error!r}; nothing was touched") from error
    if (manifest.run, manifest.step) != (run, step):
        raise RecordError(f"{path} belongs to {manifest.run}/{manifest.step}; nothing was touched")
    return manifest


def _as_json(manifest: Manifest) -> dict[str, Any]:
    items = [
        {
            "path": item.path,
            "name": item.name,
            "before": item.before.as_json(),
            "after": item.after.as_json(),
            "store": item.store,
        }
        for item in manifest.items
    ]
    folders = list(manifest.folders)
    return {"run": manifest.run, "step": manifest.step, "folders": folders, "items": items}


def _as_manifest(body: Mapping[str, Any]) -> Manifest:
    items = tuple(
        Item(
            one["path"],
            one["name"],
            as_fact(one["before"]),
            as_fact(one["after"]),
            one["store"],
        )
        for one in body["items"]
    )
    manifest = Manifest(body["run"], body["step"], items, tuple(body["folders"]))
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    """Raise ValueError for what no run writes: a path that leads elsewhere, a name that is none."""
    for path in (*manifest.paths, *manifest.folders):
        if not is_written_inner(path):
            raise ValueError(f"{path} is no path below the target")
    for item in manifest.items:
        odd = {item.before.kind, item.after.kind} - {"absent", "file", "symlink"}
        if odd or item.store not in get_args(Store) or not is_name(item.name):
            raise ValueError(f"{item.path}: {item.name} is no change of a file")
