"""requirements.lock is for every system, agrees with setup.cfg and is installed as it is."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from tests.sample import REPOSITORY

INSTALL = runpy.run_path(str(REPOSITORY / "scripts" / "install.py"))
LOCK = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
ENTRIES = INSTALL["read_lock"]()
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
PIN = re.compile(r"\S+==\S+(?: ; [^\\]+)? \\(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+")
SMALL = """\
# told first
a==1 \\
    --hash=sha256:00
    # via
    #   orch-next (setup.cfg)
    #   b
b-b==2 ; sys_platform == 'win32' \\
    --hash=sha256:01
    # via a
c==3 \\
    --hash=sha256:02
    # via orch-next (setup.cfg)
"""


def environments() -> list[dict[str, str]]:
    return [
        {
            "sys_platform": system,
            "platform_system": named,
            "os_name": "nt" if system == "win32" else "posix",
            "python_version": python,
            "python_full_version": f"{python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "extra": "",
        }
        for system, named in SYSTEMS.items()
        for python in PYTHONS
    ]


def applies(marker: Marker | None, environment: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(environment)


def pinned(environment: dict[str, str]) -> dict[str, list[str]]:
    """Return name -> the versions that pip finds in the lock there."""
    found: dict[str, list[str]] = {}
    for entry in ENTRIES:
        pin = Requirement(entry.text.partition("\\")[0])
        if applies(pin.marker, environment):
            found.setdefault(entry.name, []).append(str(pin.specifier)[2:])
    return found


@pytest.mark.parametrize(
    "environment", environments(), ids=lambda e: "-".join(list(e.values())[::4])
)
def test_every_requirement_is_pinned_once_and_as_setup_cfg_says(
    environment: dict[str, str],
) -> None:
    versions = pinned(environment)
    assert {name for name, found in versions.items() if len(found) != 1} == set()
    wanted = [
        INSTALL["BUILD"],
        *(line for lines in INSTALL["declared"]().values() for line in lines),
    ]
    assert [
        str(one)
        for one in map(Requirement, wanted)
        if applies(one.marker, environment)
        and not one.specifier.contains(versions.get(INSTALL["name_of"](one.name), ["0"])[0])
    ] == []


def test_every_entry_has_its_hashes_and_nothing_names_a_place() -> None:
    assert [entry.name for entry in ENTRIES if not PIN.match(entry.text)] == []
    assert [line for line in LOCK.splitlines() if re.match(r"-|.*(://|@ |file:)", line)] == []
    rest = LOCK.replace("".join(entry.text for entry in ENTRIES), "")
    assert rest.splitlines() == [runpy.run_path(lock_script())["TITLE"].rstrip()]


def lock_script() -> str:
    return str(REPOSITORY / "scripts" / "lock.py")


def test_the_pythons_are_those_of_setup_cfg() -> None:
    setup = (REPOSITORY / "setup.cfg").read_text(encoding="utf-8")
    script = runpy.run_path(lock_script())
    assert f"python_requires = >={script['OLDEST_PYTHON']}\n" in setup
    assert f":: {script['NEWEST_PYTHON']}\n" in setup
    assert (script["OLDEST_PYTHON"], script["NEWEST_PYTHON"]) == (PYTHONS[0], PYTHONS[-1])
    assert f'requires = ["{INSTALL["BUILD"]}"]' in (REPOSITORY / "pyproject.toml").read_text(
        "utf-8"
    )


def test_systems_that_need_more_get_more() -> None:
    by_system = {one["sys_platform"]: set(pinned(one)) for one in environments()}
    assert by_system["win32"] - by_system["linux"] >= {"colorama", "tzdata"}
    assert "gunicorn" in by_system["linux"] & by_system["darwin"] - by_system["win32"]


def test_a_part_of_a_lock_has_what_its_packages_need(tmp_path: Path) -> None:
    path = tmp_path / "錠.lock"
    path.write_text(SMALL, encoding="utf-8")
    entries = INSTALL["read_lock"](path)
    assert [entry.name for entry in entries] == ["a", "b-b", "c"]
    part = SMALL.partition("\n")[2].partition("c==3")[0]
    assert INSTALL["select"](entries, ["A>=1"]) == part
    assert INSTALL["select"](entries, ['B_b[x]; sys_platform == "win32"']).startswith("b-b==2 ;")


def test_all_extras_are_all_of_the_lock(capsys: pytest.CaptureFixture[str]) -> None:
    assert INSTALL["main"](["--show", *sorted(INSTALL["declared"]())]) == 0
    assert capsys.readouterr().out == "".join(entry.text for entry in ENTRIES)


def test_the_server_alone_needs_no_tools(capsys: pytest.CaptureFixture[str]) -> None:
    assert INSTALL["main"](["--show"]) == 0
    shown = set(re.findall(r"(?m)^([a-z0-9-]+)==", capsys.readouterr().out))
    assert shown & {"pytest", "scipy", "playwright", "uv"} == set()
    assert shown >= {"flask", "eventlet", "werkzeug", "setuptools"}


def test_an_unknown_extra_is_refused() -> None:
    with pytest.raises(SystemExit):
        INSTALL["main"](["--show", "no-such-extra"])


def test_only_make_newest_installs_what_is_not_pinned() -> None:
    places = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")]
    places += [REPOSITORY / name for name in ("Makefile", "deploy/Dockerfile", ".ci/run")]
    loose = re.compile(r"pip install[^`\n]* (?:-e|--editable|'?\.)[ '\[]")
    found = {place.name: loose.findall(place.read_text(encoding="utf-8")) for place in places}
    assert {name: len(hits) for name, hits in found.items() if hits} == {"Makefile": 1}


def test_trying_the_lock_leaves_nothing_behind() -> None:
    assert not (REPOSITORY / "nowhere").exists()


def test_a_file_with_another_hash_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "not_ours-1-py3-none-any.whl"
    wheel.write_bytes(b"")
    wrong = f"not-ours @ {wheel.as_uri()} --hash=sha256:{'0' * 64}\n"
    assert INSTALL["install_part"](wrong) != 0
    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err
