"""Copy the pages' third-party scripts from npm to static/vendor, each checked by its hash.

    python scripts/vendor.py          install with `npm ci` and copy; without npm say so and go on
    python scripts/vendor.py --dev    also what only tests and checks need (axe-core, typescript)
    python scripts/vendor.py --lock   after changing package.json: write static/vendor.json anew

static/vendor.json is committed: it names the files with their SHA-384, for this copy and for the
CDN that pages use where there is no copy.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
LOCK = STATIC / "vendor.json"
COPIES = STATIC / "vendor"
MODULES = ROOT / "node_modules"
CDN = "https://cdn.jsdelivr.net/npm"
NPM_SECONDS = 300
# library -> npm package, the global its script defines, files of the package
LIBRARIES = {
    "socket.io": ("socket.io-client", "io", ["dist/socket.io.min.js"]),
    "chart.js": ("chart.js", "Chart", ["dist/chart.umd.min.js"]),
}
ONLY_FOR_TESTS = ("axe-core", "typescript")


def main(words: list[str]) -> int:
    """Do what the words ask for; 1 when a file is not the one that was locked."""
    if "--lock" in words:
        LOCK.write_text(json.dumps(make_lock(), indent=2) + "\n", encoding="utf-8")
    problem = bring(dev="--dev" in words)
    if problem:
        print(f"vendor: {problem}")
    return 1 if problem.startswith("refused") else 0


def bring(*, dev: bool = False) -> str:
    """Install and copy what is missing; return why not, or an empty text."""
    if is_present() and (not dev or all((MODULES / name).is_dir() for name in ONLY_FOR_TESTS)):
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "no npm here; the pages take their third-party scripts from a CDN"
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    command += [] if dev else ["--omit=dev"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=NPM_SECONDS
        )
    except subprocess.TimeoutExpired:
        return "npm ci took too long; the pages use a CDN"
    if done.returncode:
        return f"npm ci failed; the pages use a CDN\n{done.stderr[-500:]}"
    return copy_files()


def is_present() -> bool:
    """Tell whether every locked file lies in static/vendor, byte for byte."""
    return all(
        (COPIES / file["name"]).is_file()
        and integrity((COPIES / file["name"]).read_bytes()) == file["integrity"]
        for file in locked_files()
    )


def copy_files() -> str:
    """Copy the locked files from node_modules; return what is not as it was locked."""
    COPIES.mkdir(exist_ok=True)
    for file in locked_files():
        data = (MODULES / file["path"]).read_bytes()
        if integrity(data) != file["integrity"]:
            return f"refused: {file['path']} is not the file of static/vendor.json"
        (COPIES / file["name"]).write_bytes(data)
    return ""


def locked_files() -> Iterator[dict[str, str]]:
    """Yield every file of static/vendor.json."""
    for entry in json.loads(LOCK.read_text(encoding="utf-8")).values():
        yield from entry["files"]


def make_lock() -> dict[str, Any]:
    """Return static/vendor.json for what lies in node_modules."""
    return {
        name: {"global": name_of_global, "files": [lock_file(package, path) for path in paths]}
        for name, (package, name_of_global, paths) in LIBRARIES.items()
    }


def lock_file(package: str, path: str) -> dict[str, str]:
    """Return one file's name here, its place in npm and at the CDN, and its hash."""
    version = json.loads((MODULES / package / "package.json").read_text("utf-8"))["version"]
    return {
        "name": Path(path).name,
        "path": f"{package}/{path}",
        "cdn": f"{CDN}/{package}@{version}/{path}",
        "integrity": integrity((MODULES / package / path).read_bytes()),
    }


def integrity(data: bytes) -> str:
    """Return the hash as browsers compare it."""
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
