from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.mutants import (
    FOLDER,
    REPOSITORY,
    Mutant,
    MutantError,
    Run,
    is_meant,
    judge,
    load,
    main,
    mutated,
    run_tests,
    throw_away_copy,
)

MUTANT = Mutant("加算", "計算.py", "a + b", "a - b", ("test_sum.py::test_sum",))
TEST = "from 計算 import add\n\n\ndef test_sum():\n    assert add(1, {}) == 3\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "計算.py").write_text("def add(a, b):\n    return a + b\n", "utf-8")
    (tmp_path / "test_sum.py").write_text(TEST.format(2), "utf-8")
    return tmp_path


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def names_no_test(node_id: str) -> bool:
    file, _, name = node_id.partition("::")
    path = REPOSITORY / file
    return not path.is_file() or name.partition("[")[0] not in functions_of(path)


def wrong_with(mutant: Mutant) -> list[str]:
    try:
        mutated(mutant, REPOSITORY)
    except MutantError as error:
        return [f"{mutant.name}: {error}"]
    return [f"{mutant.name}: no test {test}" for test in mutant.tests if names_no_test(test)]


def test_every_mutant_applies_and_names_a_test() -> None:
    mutants = load(REPOSITORY / FOLDER)
    names = [mutant.name for mutant in mutants]
    assert [line for mutant in mutants for line in wrong_with(mutant)] == []
    assert (len(names) > 50, len(set(names))) == (True, len(names))


def test_what_does_not_apply_or_names_no_test_is_seen() -> None:
    here = Mutant("一", "tests/test_mutants.py", "no such" + " text", "", ("tests/none.py::test",))
    there = replace(here, old="from __future__" + " import annotations")
    assert wrong_with(here) == [
        "一: its old text stands 0 times in tests/test_mutants.py, or stays the same"
    ]
    assert wrong_with(there) == ["一: no test tests/none.py::test"]


def test_a_mutant_is_caught_by_a_test_that_fails(tree: Path) -> None:
    found = judge(MUTANT, tree, run_tests)
    assert (found.verdict, found.output) == ("caught", "")


def test_a_mutant_that_no_test_notices_survives(tree: Path) -> None:
    (tree / "test_sum.py").write_text(TEST.format("2 or a"), "utf-8")
    weak = replace(MUTANT, new="a + abs(b)")
    assert judge(weak, tree, run_tests).verdict == "survived"


@pytest.mark.parametrize("old", ["a * b", "a", ""])
def test_a_text_that_does_not_stand_there_once_does_not_apply(tree: Path, old: str) -> None:
    before = (tree / "計算.py").read_bytes()
    found = judge(replace(MUTANT, old=old), tree, lambda *_: Run("failed", ""))
    assert (found.verdict, (tree / "計算.py").read_bytes()) == ("does not apply", before)


def test_a_program_that_does_not_load_is_not_caught(tree: Path) -> None:
    assert judge(replace(MUTANT, new="a +"), tree, run_tests).verdict == "broken"


def test_a_test_that_hangs_is_ended(tree: Path) -> None:
    hangs = replace(MUTANT, new="__import__('time').sleep(600)")
    assert judge(hangs, tree, run_tests, limit=3.0).verdict == "out of time"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        *(((), True), (["加"], True), (["計算.py"], True), (["和"], True), (["積", "和"], True)),
        *((["積"], False), (["a + b"], False)),
    ],
)
def test_a_word_means_a_name_or_one_of_both_files(words: list[str], meant: bool) -> None:
    assert is_meant(replace(MUTANT, origin="和.toml"), words) == meant


def test_the_file_of_an_entry_is_known(tmp_path: Path) -> None:
    entry = '[[mutant]]\nname = "x"\nfile = "y"\nold = "a"\nnew = "b"\ntest = "t.py"\n'
    (tmp_path / "和.toml").write_text(entry, "utf-8")
    assert load(tmp_path) == [Mutant("x", "y", "a", "b", ("t.py",), "和.toml")]


def test_words_that_mean_nothing_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["無い", "いない"])
    told = "no mutant has one of these words: 無い いない\n"
    assert (status, capsys.readouterr().out) == (2, told)


def test_an_entry_without_a_test_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[mutant]]\nname = "x"\nfile = "y"\nold = ""\nnew = ""\n')
    with pytest.raises(MutantError, match="'x' needs name, file, old, new and test"):
        load(tmp_path)


def test_the_copy_holds_what_tests_need_and_leaves_the_tree_alone() -> None:
    before = (REPOSITORY / "Makefile").read_bytes()
    with throw_away_copy() as copy:
        (copy / "Makefile").write_bytes(b"")
        names = {path.name for path in copy.iterdir()}
    assert names >= {"orch_next", "tests", "templates", "static", "ORCH", "setup.cfg", "docs"}
    assert ((REPOSITORY / "Makefile").read_bytes(), copy.exists()) == (before, False)
