"""Write requirements.lock anew with uv, for every system and every Python that setup.cfg allows.

    python scripts/lock.py          the newest of everything (`make lock`)
    python scripts/lock.py --keep   what is pinned and still fits stays; after changing setup.cfg

Only public files are locked: no settings, no index and no folder of this machine has a say. And
nothing is that would have to be compiled: each system must find a wheel of each package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OLDEST_PYTHON, NEWEST_PYTHON = "3.10", "3.14"
SYSTEMS = ("linux", "aarch64-unknown-linux-gnu", "macos", "x86_64-apple-darwin", "windows")
TITLE = "# Everything that may be installed, and its hashes; written by `make lock`.\n"
COMPILE = (
    *("pip", "compile", "setup.cfg", "--all-extras", "--universal"),
    *("--generate-hashes", "--python-version", OLDEST_PYTHON),
    *("--no-header", "--no-config", "--quiet", "--output-file"),
)
# what would be installed there from wheels alone; nothing is
TRY = (
    *("pip", "install", "--dry-run", "--require-hashes", "--only-binary", ":all:"),
    *("--no-config", "--quiet", "--target"),
)
# settings of uv that would bring other files, or other versions, into the lock
FOREIGN = {
    *("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONSTRAINT", "UV_OVERRIDE"),
    *("UV_PRERELEASE", "UV_EXCLUDE_NEWER", "UV_RESOLUTION"),
}


def main(words: list[str]) -> int:
    """Compile into a file beside, and put it in place when it is whole."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        print("lock: uv is missing; `python scripts/install.py --tools dev` installs it")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / LOCK.name
        if "--keep" in words:
            shutil.copy(LOCK, made)
        if not run(uv, *COMPILE, str(made)) or not has_wheels(uv, made):
            return 1
        LOCK.write_text(TITLE + made.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
    return 0


def has_wheels(uv: str, lock: Path) -> bool:
    """Tell whether every system installs the lock without a compiler, by its oldest and newest."""
    wanted = (*TRY, str(lock.parent / "nowhere"), "-r", str(lock))
    return all(
        run(uv, *wanted, "--python-platform", system, "--python-version", python)
        for system in SYSTEMS
        for python in (OLDEST_PYTHON, NEWEST_PYTHON)
    )


def run(*command: str) -> bool:
    """Run uv; tell whether it worked."""
    environ = {name: text for name, text in os.environ.items() if name not in FOREIGN}
    return subprocess.run(command, cwd=ROOT, env=environ).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
