"""What `orch-next doctor` checks of Python and the packages."""

from __future__ import annotations

import configparser
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from orch_next.cli.findings import Finding, fail, ok, warn

OLDEST = (3, 10)
_PACKAGE = "orch-next"
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?:\[[^\]]*\])?(?P<versions>[^;]*)(?P<marker>;.*)?")
_BOUND = re.compile(r"(?P<sign>>=|<)\s*(?P<version>[0-9.]+)")
_SETUP = Path(__file__).resolve().parent.parent.parent / "setup.cfg"


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Compare Python's version with the oldest that works."""
    shown = ".".join(map(str, version))
    if version < OLDEST:
        return fail("python", f"{shown} is too old", "install Python 3.10 or newer")
    return ok("python", f"{shown} on {platform.system()}")


def check_packages(requirements: Iterable[str] | None = None) -> Iterator[Finding]:
    """Compare the installed packages with what ORCH-Next requires."""
    wanted = list(requirements if requirements is not None else read_requirements())
    if not wanted:
        yield warn("packages", "nobody knows what is required", f"pip install {_PACKAGE}")
        return
    wrong = [found for text in wanted if (found := _check(text)) is not None]
    yield from wrong
    if not wrong:
        yield ok("packages", f"{len(wanted)} required packages are installed")


def read_requirements() -> list[str]:
    """Return what the installed package requires, else what the checkout's setup.cfg says."""
    try:
        found = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        setup = configparser.ConfigParser()
        setup.read(_SETUP, encoding="utf-8")
        found = setup.get("options", "install_requires", fallback="").split("\n")
    return [text for text in found if text.strip() and "extra ==" not in text]


def _check(requirement: str) -> Finding | None:
    match = _REQUIREMENT.fullmatch(requirement.strip())
    if match is None:
        return warn("packages", f"the requirement {requirement!r} is not understood")
    name, bounds = match["name"], dict(_BOUND.findall(match["versions"]))
    mend = f'pip install "{name}{match["versions"].strip()}"' if bounds else f"pip install {name}"
    try:
        present = metadata.version(name)
    except metadata.PackageNotFoundError:
        # A marker names systems or versions of Python, this one perhaps not among them.
        return None if match["marker"] else fail("packages", f"{name} is not installed", mend)
    least, below = bounds.get(">="), bounds.get("<")
    if least and _numbers(present) < _numbers(least):
        return fail("packages", f"{name} {present} is older than {least}", mend)
    if below and _numbers(present) >= _numbers(below):
        return fail("packages", f"{name} {present} is not older than {below}", mend)
    return None


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
