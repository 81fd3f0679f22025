"""Test tool: the package's source files, parsed and named."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.sample import REPOSITORY


def package_files() -> list[Path]:
    """List the modules of orch_next."""
    return sorted((REPOSITORY / "orch_next").rglob("*.py"))


def parse(path: Path) -> ast.Module:
    """Parse one file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def shown(path: Path) -> str:
    """Return a file's name for people: its path in the repository."""
    return path.relative_to(REPOSITORY).as_posix()


def functions_in(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """List all functions and methods below a node."""
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
