"""What ORCH-Next itself asks for: of its source tree, else of the installed package."""

from __future__ import annotations

from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from orch_next.errors import MigrationError

PACKAGE = "orch-next"


def our_requirements(checkout: Path | None = None) -> list[Requirement]:
    """Return the requirements without extras; raise MigrationError when nothing tells them."""
    folder = checkout or Path(__file__).resolve().parents[3]
    lines = _of_checkout(folder / "setup.cfg")
    if lines is None:
        lines = _of_package()
    return [one for one in map(Requirement, lines) if "extra" not in str(one.marker or "")]


def _of_checkout(path: Path) -> list[str] | None:
    parser = ConfigParser(interpolation=None)
    parser.read(path, encoding="utf-8")
    if parser.get("metadata", "name", fallback="") != PACKAGE:
        return None
    return parser.get("options", "install_requires").strip().splitlines()


def _of_package() -> list[str]:
    try:
        return list(distribution(PACKAGE).requires or ())
    except PackageNotFoundError as error:
        raise MigrationError(f"{PACKAGE} is neither a source tree nor installed") from error
