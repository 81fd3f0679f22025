"""No reference dangles: what code, tests and docs name is in the repository."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from tests.sample import CONTRACT, REPOSITORY

TOPS = (
    *("orch_next", "tests", "scripts", "benchmarks", "docs", "static", "templates", "config"),
    *("deploy", ".ci", ".github"),
)
SUFFIXES = {".py", ".md", ".js", ".html", ".css", ".toml", ".cfg", ".sh", ".yml", ".ps1", ".conf"}
FOREIGN = ("tests/data/", "static/vendor/")  # samples, and other people's code
SECTION = r"\d+b?(?:\.\d+)?"
CITED = re.compile(rf"(?:[Cc]ontract|契約),? ?\(?({SECTION}(?:(?:, | and |と ?){SECTION})*)")
FILE = re.compile(r"\b(?:docs|tests|scripts|benchmarks|orch_next|deploy)/[\w./-]*\.[a-z]+\b")
MODULE = re.compile(r"\borch_next(?:\.[a-z_]\w*)+\b(?![/*])")
COMMENT = re.compile(r"#.*|^ *r?\"{3}[\s\S]*?\"{3}", re.MULTILINE)
TEST = re.compile(r"\btest_\w+\b(?![*{])")
# Names of settings, and of a file that only an installed package has.
NO_FILE = {"orch_next.toml", "orch_next.env", "orch_next/defaults/orch_next.toml"}
# Keys of answers and settings, and a folder of the legacy.
NO_TEST = {"test_summary", "test_coverage", "test_coverage_min", "test_results"}
# What a reader of this repository does not have.
UNKNOWN = re.compile(r"\bgoals\.md|\b(?i:issue) \d|\.\./shared|\bplan\.md|\bfindings/\w+\.md")


@cache
def texts() -> dict[str, str]:
    """Return every text of ours by its path."""
    paths = [path for top in TOPS for path in sorted((REPOSITORY / top).rglob("*"))]
    return {
        name: path.read_text(encoding="utf-8")
        for path in [*paths, *sorted(REPOSITORY.glob("*"))]
        if path.suffix in SUFFIXES or path.name == "Makefile"
        if not (name := path.relative_to(REPOSITORY).as_posix()).startswith(FOREIGN)
    }


@cache
def prose() -> dict[str, str]:
    """Return what is said to people: whole pages, and comments and docstrings of the rest."""
    return {name: spoken(name, text) for name, text in texts().items()}


def spoken(name: str, text: str) -> str:
    if name.endswith((".md", ".html", ".js", ".css")):
        return text
    return "\n".join(found[0] for found in COMMENT.finditer(text))


def anchors(page: str) -> set[str]:
    """Return what can be cited of the contract: sections, appendices, rows."""
    sections = re.findall(rf"^#+ ({SECTION})\.? ", page, re.MULTILINE)
    appendices = re.findall(r"^## Appendix ([A-Z])\.", page, re.MULTILINE)
    rows = re.findall(r"^\| (D\d\d|\d\.\d) \|", page, re.MULTILINE)
    return {*sections, *appendices, *rows}


def cited(text: str) -> set[str]:
    """Return the sections, appendices and defects of the contract that a text names."""
    text = re.sub(r"\n\s*(?:(?:#|//|\*) )?\s*", " ", text)  # a wrapped reference is one
    sections = {one for found in CITED.findall(text) for one in re.findall(SECTION, found)}
    return {
        *sections,
        *re.findall(r"\b[Aa]ppendix ([A-Z])\b", text),
        *re.findall(r"\bD\d\d\b", text),
    }


def contract_page() -> str:
    return (REPOSITORY / "docs" / "contract.md").read_text(encoding="utf-8")


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a module, or a name that stands in one."""
    *parts, last = name.split(".")
    folder = REPOSITORY.joinpath(*parts)
    if (folder / last).is_dir() or (folder / f"{last}.py").is_file():
        return True
    sources = [folder.with_suffix(".py"), folder / "__init__.py"]
    return any(last in path.read_text(encoding="utf-8") for path in sources if path.is_file())


def dangling(
    pattern: re.Pattern[str], known: set[str], said: dict[str, str]
) -> list[tuple[str, str]]:
    """Return where a text names something that is not among the known."""
    return [
        (name, one)
        for name, text in said.items()
        for one in sorted(set(pattern.findall(text)) - known)
    ]


def test_every_citation_of_the_contract_has_its_place() -> None:
    known = anchors(contract_page())
    lost = [(name, sorted(cited(text) - known)) for name, text in texts().items()]
    assert [one for one in lost if one[1]] == []


def test_the_contract_and_its_twin_know_the_same_defects_and_events() -> None:
    page, twin = contract_page(), json.loads(CONTRACT.read_text(encoding="utf-8"))
    assert {one["id"] for one in twin["defects"]} == set(re.findall(r"^\| (D\d\d) ", page, re.M))
    assert [one["name"] for one in twin["events"] if f"`{one['name']}`" not in page] == []


def test_every_file_that_is_named_exists() -> None:
    named = dangling(FILE, NO_FILE, prose())
    assert [(name, one) for name, one in named if not (REPOSITORY / one).exists()] == []


def test_every_module_that_is_named_exists() -> None:
    named = dangling(MODULE, NO_FILE, prose())
    assert [(name, one) for name, one in named if not is_module(one)] == []


def test_every_test_that_is_named_exists() -> None:
    sources = [text for name, text in texts().items() if name.endswith(".py")]
    defined = {one for text in sources for one in re.findall(r"\bdef (test_\w+)", text)}
    modules = {Path(name).stem for name in texts()}
    assert dangling(TEST, defined | modules | NO_TEST, prose()) == []


def test_nothing_is_named_that_a_reader_does_not_have() -> None:
    assert dangling(UNKNOWN, set(), texts()) == []


def test_lost_citations_are_noticed() -> None:
    known = anchors("## 3. Tables\n\n### 3.1 Where\n\n| D01 | a |\n\n## Appendix A. Ids\n")
    assert known == {"3", "3.1", "D01", "A"}
    text = "(contract 3.1, 3.4 and 5; D02), Contract, appendix A, 契約 3b, the contract (7.2)"
    assert cited(text) - known == {"3.4", "5", "3b", "7.2", "D02"}


def test_lost_names_are_noticed() -> None:
    assert is_module("orch_next.core.tasks.Tasks")
    assert not is_module("orch_next.core.tasks.Boats")
    assert not is_module("orch_next.boats")
    wanted = ["see goals" + ".md", "(issue" + " 6)", "../" + "shared/x"]
    assert [one for one in wanted if UNKNOWN.search(one)] == wanted
