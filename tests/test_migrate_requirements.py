from __future__ import annotations

import configparser
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from orch_next.migrate.packages.compare import compare, is_possible
from orch_next.migrate.packages.ours import our_requirements
from orch_next.migrate.packages.read import parse_lines, read_requirements
from orch_next.migrate.packages.trial import Trial, try_installation
from orch_next.migrate.steps.requirements import RequirementsStep
from tests.sample import REPOSITORY
from tests.small_moc import codes, contents, make_house, make_moc

OURS = [Requirement(one) for one in ("flask>=3.1", "orjson>=3.10", "redis>=5,<6")]


def compared(tmp_path: Path, text: str) -> list[tuple[str, str, str, str]]:
    root = make_moc(tmp_path, {"requirements.txt": text})
    asked = read_requirements(root, root / "requirements.txt").asked
    return [(one.name, one.verdict, one.legacy, one.ours) for one in compare(asked, OURS)]


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("Flask", "same"),
        ("flask>=2.0", "same"),
        ("flask==3.1.2", "same"),
        ("flask==2.3.3", "newer"),
        ("flask<3", "newer"),
        ("flask~=2.2", "newer"),
        ("redis==6.1", "conflict"),
        ("redis>=6", "conflict"),
        ("redis==5.*", "same"),
        ("redis<5", "newer"),
        ("pandas[excel]~=2.0 ; python_version >= '3.8'", "obsolete"),
        ("own @ https://user:pässword@example.invalid/own.whl", "obsolete"),
    ],
)
def test_a_line_beside_ours(tmp_path: Path, line: str, verdict: str) -> None:
    first = compared(tmp_path, f"{line}\n")[0]
    assert (first[1], "pässword" in repr(first)) == (verdict, False)


def test_what_we_need_and_the_legacy_did_not_is_missing(tmp_path: Path) -> None:
    assert compared(tmp_path, "flask>=3.1\nredis>=5\n")[2:] == [
        ("orjson", "missing", "", "orjson>=3.10")
    ]


@pytest.mark.parametrize(
    ("specifiers", "expected"),
    [
        ((">=3.1", "==3.1.2"), True),
        ((">=3.1", "<3.1"), False),
        ((">3.1", "<3.2"), True),
        (("==2.*", ">=2.5"), True),
        (("!=1.0", "==1.0"), False),
        (("", "===weird"), False),
        ((">=1", "<1.0.1", "!=1"), True),
    ],
)
def test_some_version_fits_all(specifiers: tuple[str, ...], expected: bool) -> None:
    assert is_possible(*map(SpecifierSet, specifiers)) is expected


def test_lines_are_read_as_pip_does() -> None:
    text = "# 注\na==1 \\\n  --hash=sha256:ff \\\n  --hash=sha256:ee\n\nb>=2 # 二\n#c\n-e .\\\n"
    assert list(parse_lines(text)) == [(2, "a==1"), (6, "b>=2"), (8, "-e .")]


def test_includes_constraints_and_bad_lines(tmp_path: Path) -> None:
    root = make_moc(
        tmp_path,
        {
            "requirements.txt": "-r requirements/基本.txt\n-c limits.txt\n-r gone.txt\n"
            "--index-url https://user:pässword@example.invalid/simple\nnot a requirement!\n"
            "-e git+https://example.invalid/x#egg=own_tool\n",
            "requirements/基本.txt": "flask\n-r ../requirements.txt\n",
            "limits.txt": "redis<5\nother<1\n",
        },
    )
    found = read_requirements(root, root / "requirements.txt")
    assert [(one.name, one.where, one.is_constraint) for one in found.asked] == [
        ("flask", "requirements/基本.txt:1", False),
        ("redis", "limits.txt:1", True),
        ("other", "limits.txt:2", True),
        ("own-tool", "requirements.txt:6", False),
    ]
    assert codes(found.findings) == [
        ("problem", "include_missing", "requirements.txt:3"),
        ("info", "option_not_compared", "requirements.txt:4"),
        ("problem", "bad_requirement", "requirements.txt:5"),
    ]
    assert "pässword" not in repr(found.findings)
    assert [one.name for one in compare(found.asked, OURS) if one.name == "other"] == []


@pytest.mark.parametrize("encoding", ["cp932", "utf-16"])
def test_other_encodings_are_read_and_told(tmp_path: Path, encoding: str) -> None:
    data = "# 依存\nflask==2.3.3\n".encode(encoding)
    work = RequirementsStep().plan(make_house(tmp_path, {"requirements.txt": data}))
    assert codes(work.findings)[:2] == [
        ("info", "encoding", "requirements.txt"),
        ("warning", "package_newer", "requirements.txt:2"),
    ]
    assert contents(work.changes) == {"config/legacy/requirements.txt": data}


def test_no_file_is_told(tmp_path: Path) -> None:
    house = make_house(tmp_path, {})
    assert codes(RequirementsStep().plan(house).findings) == [("info", "no_requirements", "")]


def test_ours_are_those_of_setup_cfg() -> None:
    parser = configparser.ConfigParser()
    parser.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    wanted = parser["options"]["install_requires"].split("\n")[1:]
    assert [str(one) for one in our_requirements()] == [str(Requirement(one)) for one in wanted]


def test_the_trial_runs_only_when_asked(tmp_path: Path) -> None:
    tried: list[Sequence[str]] = []

    def attempt(more: Sequence[str]) -> Trial:
        tried.append(more)
        return Trial(False, "ResolutionImpossible")

    step = RequirementsStep(attempt)
    files = {"requirements.txt": "pandas>=2\nflask<3\nx @ file:///x\n"}
    asked = make_house(tmp_path, files, check_requirements=True)
    silent = make_house(tmp_path, files)
    found = [codes(step.check(house)) for house in (silent, asked, asked)]
    assert (found, tried) == (
        [
            [("info", "requirements_not_tried", "")],
            *[[("problem", "requirements_conflict", "")]] * 2,
        ],
        [("pandas>=2", "flask<3")],
    )


def test_a_python_that_is_none_is_told() -> None:
    assert try_installation([], python="/no/such/python") == Trial(False, "FileNotFoundError")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script plays Python")
def test_pip_is_asked_for_a_dry_run_in_its_own_environment(tmp_path: Path) -> None:
    """A stand-in for Python makes the environment, whose own Python notes what it is asked."""
    inner = f'#!/bin/sh\necho "$@" > "$0.asked"\ncp "$0.asked" {tmp_path}/asked\n'
    (tmp_path / "inner").write_text(inner, encoding="utf-8")
    outer = f'#!/bin/sh\nmkdir -p "$3/bin" && cp {tmp_path}/inner "$3/bin/python"\n'
    for name, text in (("inner", inner), ("outer", outer)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    assert try_installation(["pandas>=2"], python=str(tmp_path / "outer")).is_fine
    words = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert (words[:4], words[-1]) == (["-m", "pip", "install", "--dry-run"], "pandas>=2")
