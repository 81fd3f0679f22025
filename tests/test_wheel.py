"""Build the wheel from a copy of the repository and use what is inside, away from it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from tests.sample import REPOSITORY, clean_environ, copy_sample

PACKAGING = ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE")
PACKAGES = ("package.json", "package-lock.json")
FOLDERS = ("orch_next", "templates", "static", "config", "scripts")
ABOUT = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses", "top_level.txt"}
VENDORED = {
    Path(file["name"]).name
    for library in json.loads((REPOSITORY / "static" / "vendor.json").read_text("utf-8")).values()
    for file in library["files"]
}
CODE = """
import sys
from pathlib import Path
import orch_next
app = orch_next.create_app({"root": sys.argv[1]})
page, tasks = app.test_client().get("/"), app.test_client().get("/api/tasks")
print(Path(orch_next.__file__).parent, page.status_code, len(tasks.json["tasks"]))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel offline and unpack it; the repository itself stays untouched."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in (*PACKAGING, *PACKAGES):
        shutil.copy(REPOSITORY / name, source)
    for name in FOLDERS:
        shutil.copytree(REPOSITORY / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(target), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target / "unpacked")
    return target / "unpacked"


def shipped(folder: str, pattern: str) -> set[str]:
    """Return a repository folder's files, relative to it."""
    root = REPOSITORY / folder
    return {path.relative_to(root).as_posix() for path in root.rglob(pattern) if path.is_file()}


@pytest.mark.parametrize(
    ("folder", "inside", "pattern"),
    [
        ("orch_next", "orch_next", "*.py"),
        ("orch_next/translations", "orch_next/translations", "*.mo"),
        ("templates", "orch_next/templates", "*.html"),
        ("static", "orch_next/static", "*"),
        ("config", "orch_next/defaults", "*.toml"),
    ],
)
def test_everything_needed_at_run_time_is_inside(
    unpacked: Path, folder: str, inside: str, pattern: str
) -> None:
    expected = shipped(folder, pattern)
    present = {name for name in expected if (unpacked / inside / name).is_file()}
    assert expected and expected - present == set()


def test_nothing_but_the_package_goes_into_site_packages(unpacked: Path) -> None:
    (about,) = unpacked.glob("orch_next-*.dist-info")
    assert {path.name for path in unpacked.iterdir()} == {"orch_next", about.name}
    inside = {
        path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()
    }
    known = (
        shipped("orch_next", "*.py") | shipped("orch_next", "*.mo") | shipped("orch_next", "*.po")
    )
    known |= {"py.typed"}
    known |= {f"templates/{name}" for name in shipped("templates", "*.html")}
    known |= {f"static/{name}" for name in shipped("static", "*")}
    known |= {f"static/vendor/{name}" for name in VENDORED}
    known |= {f"defaults/{name}" for name in shipped("config", "*.toml")}
    listed = {name for name in inside if not name.startswith(about.name)}
    assert listed - {f"orch_next/{name}" for name in known} == set()
    assert {path.name for path in about.iterdir()} == ABOUT


def test_the_metadata_tells_what_it_is(unpacked: Path) -> None:
    (about,) = unpacked.glob("*.dist-info/METADATA")
    told = message_from_string(about.read_text(encoding="utf-8"))
    pythons = [f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)]
    assert [name for name in pythons if name not in told.get_all("Classifier", [])] == []
    assert [
        told["Name"],
        told["Requires-Python"],
        told["License"] or told["License-Expression"],
    ] == [*("orch-next", ">=3.10", "MIT")]
    assert told["Keywords"] and told["Summary"] and "# ORCH-Next" in str(told.get_payload())
    assert {name for name in told if name.startswith(("Author", "Maintainer"))} == set()


def test_the_wheel_serves_a_ledger_without_the_repository(unpacked: Path, tmp_path: Path) -> None:
    root = copy_sample(tmp_path / "MOC")
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(root)],
        env=clean_environ(PYTHONPATH=str(unpacked)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(unpacked / "orch_next"), "200", "8"]


def test_the_wheel_has_the_command(unpacked: Path) -> None:
    (entry_points,) = unpacked.glob("*.dist-info/entry_points.txt")
    assert "orch-next = orch_next.cli:main" in entry_points.read_text(encoding="utf-8")
