"""Measure the code against the house's figures (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from collections.abc import Callable

from tests.source_code import functions_in, package_files, parse, shown

MAX_FUNCTION_LINES = 60
BROAD_EXCEPTS = 3  # worker loop, command line, sampling loop
FORBIDDEN_ENDINGS = ("Manager", "Helper", "Util", "Utils", "Service", "Processor", "Engine")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_without_docstring(tree: ast.Module) -> list[str]:
    """Return public functions, classes and their methods that say nothing; a silent module."""
    silent = [] if ast.get_docstring(tree) else ["(module)"]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    scopes: list[ast.Module | ast.ClassDef] = [tree]
    scopes += [node for node in classes if not node.name.startswith("_")]
    for scope in scopes:
        for node in scope.body:
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(node.name)
    return silent


def body_lines(function: Function) -> int:
    """Return a function's lines without its docstring."""
    docstring = function.body[0] if ast.get_docstring(function) else None
    spared = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - spared


def long_functions(tree: ast.AST) -> list[str]:
    """Return the functions that are longer than a page."""
    return [f.name for f in functions_in(tree) if body_lines(f) > MAX_FUNCTION_LINES]


def vague_names(tree: ast.AST) -> list[str]:
    """Return the classes whose names say nothing."""
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(FORBIDDEN_ENDINGS)
    ]


def offenders(rule: Callable[[ast.Module], list[str]]) -> list[str]:
    """Return what a rule finds in all modules of the package."""
    return [f"{shown(path)}: {name}" for path in package_files() for name in rule(parse(path))]


def test_functions_are_short() -> None:
    assert offenders(long_functions) == []


def test_modules_and_public_names_are_explained() -> None:
    assert offenders(public_without_docstring) == []


def test_names_say_what_a_thing_is() -> None:
    assert offenders(vague_names) == []


def broad_excepts(tree: ast.AST) -> int:
    """Count `except:`, `except Exception` and `except BaseException`."""
    return sum(
        isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
        for node in ast.walk(tree)
    )


def test_broad_excepts_are_few() -> None:
    found = {
        shown(path): count for path in package_files() if (count := broad_excepts(parse(path)))
    }
    assert sum(found.values()) <= BROAD_EXCEPTS, found


def test_functions_are_mostly_small() -> None:
    sizes = sorted(body_lines(f) for path in package_files() for f in functions_in(parse(path)))
    figures = (sizes[len(sizes) // 2] <= 8, sizes[int(len(sizes) * 0.95)] <= 30)
    assert figures == (True, True), (sizes[len(sizes) // 2], sizes[int(len(sizes) * 0.95)])


def test_the_measures_notice_a_long_function_and_silence() -> None:
    code = "def loud():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES + 1)
    tree = ast.parse(code + "try:\n    pass\nexcept Exception:\n    pass\n")
    assert (public_without_docstring(tree), body_lines(functions_in(tree)[0])) == (
        ["(module)", "loud"],
        MAX_FUNCTION_LINES + 2,
    )
    assert (long_functions(tree), vague_names(ast.parse("class 記録Manager: ..."))) == (
        ["loud"],
        ["記録Manager"],
    )
    assert broad_excepts(tree) == 1
