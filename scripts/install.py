"""Install what requirements.lock pins, then this project; every file is checked by its hash.

    python scripts/install.py               what the server needs, and the project, editable
    python scripts/install.py all test      the same with these extras of setup.cfg
    python scripts/install.py --built all   the project as a built package instead
    python scripts/install.py --tools dev   the extra's packages without the project
    python scripts/install.py --show all    only print that part of the lock

One lock serves all: which part of it the extras need is told by the lines `# via` that uv writes
below each entry. pip refuses a package that the part does not pin, so it cannot be too small.
It runs before anything is installed and so uses Python's own library alone.
"""

from __future__ import annotations

import argparse
import configparser
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
BUILD = "setuptools>=70.1"  # the build system of pyproject.toml: pip may fetch no other one
PIP = (
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--no-warn-script-location",
)


@dataclass(frozen=True)
class Entry:
    """One pinned package; there may be others of its name for other systems or Pythons."""

    name: str
    text: str
    needed_by: frozenset[str]


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words ask for; return pip's exit status."""
    parser = argparse.ArgumentParser(description="Install what requirements.lock pins.")
    parser.add_argument("extras", nargs="*", help="extras of setup.cfg")
    parser.add_argument("--built", action="store_true", help="no editable installation")
    parser.add_argument("--tools", action="store_true", help="no project, only its packages")
    parser.add_argument("--show", action="store_true", help="print the part, install nothing")
    given = parser.parse_args(words)
    unknown = set(given.extras) - set(declared()) - {"install"}
    if unknown:
        parser.error(f"setup.cfg has no extra {', '.join(sorted(unknown))}")
    wanted = [] if given.tools else [BUILD, *declared()["install"]]
    part = select(read_lock(), [*wanted, *requirements_of(given.extras)])
    if given.show:
        sys.stdout.write(part)
        return 0
    return install_part(part) or (0 if given.tools else install_project(editable=not given.built))


def declared() -> dict[str, list[str]]:
    """Return extra -> the requirements of setup.cfg; `install` has what is always needed."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    texts = {"install": config["options"]["install_requires"]}
    texts |= dict(config["options.extras_require"])
    return {extra: [line for line in text.split("\n") if line] for extra, text in texts.items()}


def requirements_of(extras: Iterable[str]) -> list[str]:
    """Return the requirements of these extras."""
    return [requirement for extra in extras for requirement in declared()[extra]]


def name_of(requirement: str) -> str:
    """Return the normalised name of a requirement: `psycopg[binary]>=3.2` -> psycopg."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def read_lock(path: Path = LOCK) -> list[Entry]:
    """Return the lock's entries, in their order."""
    text = path.read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"(?m)^(?=\S)", text) if re.match(r"[A-Za-z0-9]", block)]
    return [Entry(name_of(block), block, frozenset(_parents(block))) for block in blocks]


def select(entries: Sequence[Entry], requirements: Iterable[str]) -> str:
    """Return the part of a lock that the requirements need, with all that these need."""
    names: set[str] = set()
    found = {name_of(requirement) for requirement in requirements}
    while found - names:
        names |= found
        found = {entry.name for entry in entries if entry.needed_by & names}
    return "".join(entry.text for entry in entries if entry.name in names)


def install_part(part: str) -> int:
    """Install a part of the lock, without anything that it does not name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.lock"
        path.write_text(part, encoding="utf-8")
        return _pip("--require-hashes", "-r", str(path))


def install_project(*, editable: bool) -> int:
    """Install this project beside what it needs."""
    place = ["--editable", str(ROOT)] if editable else [str(ROOT)]
    return _pip("--no-deps", "--no-build-isolation", *place)


def _parents(block: str) -> list[str]:
    """Return the names below `# via`; the project itself is one of them."""
    _, _, comment = block.partition("# via")
    return re.findall(r"[A-Za-z0-9][\w.-]*", re.sub(r"\(.*?\)", "", comment))


def _pip(*words: str) -> int:
    return subprocess.run([sys.executable, *PIP, *words]).returncode


if __name__ == "__main__":
    sys.exit(main())
