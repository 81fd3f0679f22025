"""Test tool: the package's source files, parsed and named."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.sample import REPOSITORY


@cache
def package_files() -> tuple[Path, ...]:
    """List the modules of orch_next."""
    return tuple(sorted((REPOSITORY / "orch_next").rglob("*.py")))


@cache
def parse(path: Path) -> ast.Module:
    """Parse one file, once; whoever asks must not change the tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def shown(path: Path) -> str:
    """Return a file's name for people: its path in the repository."""
    return path.relative_to(REPOSITORY).as_posix()


def functions_in(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """List all functions and methods below a node."""
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
