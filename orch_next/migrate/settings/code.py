"""The configuration that stands in the dashboard's own code: `OrchDashboardConfig` and friends."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_CONFIG_CLASS = "OrchDashboardConfig"
_SECRET_NAMES = {"SECRET_KEY", "secret_key"}


@dataclass(frozen=True)
class Literal:
    """A constant of the code: `debug = True` at a line; names are those of `OrchDashboardConfig`.

    Beside them there are `secret_key`, and `cors_origins` for origins that code lets in.
    """

    name: str
    value: Any
    line: int


def read_literals(tree: ast.Module) -> list[Literal]:
    """List the constants that configure the dashboard, in the file's order."""
    found = [literal for node in ast.walk(tree) for literal in _literals(node)]
    return sorted(found, key=lambda one: one.line)


def _literals(node: ast.AST) -> Iterator[Literal]:
    if isinstance(node, ast.ClassDef) and node.name == _CONFIG_CLASS:
        yield from _fields(node)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if _name_of(target) in _SECRET_NAMES:
                yield from _constant("secret_key", node.value)
    elif isinstance(node, ast.Call):
        yield from _call(node)


def _fields(node: ast.ClassDef) -> Iterator[Literal]:
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value:
            yield from _constant(one.target.id, one.value)
        elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            yield from _constant(one.targets[0].id, one.value)


def _call(node: ast.Call) -> Iterator[Literal]:
    called = _name_of(node.func)
    for keyword in node.keywords:
        if keyword.arg in ("cors_allowed_origins", "origins"):
            yield from _constant("cors_origins", keyword.value)
        elif keyword.arg == "debug" and called == "run":
            yield from _constant("debug", keyword.value)
    if called == "CORS" and len(node.args) == 1 and not node.keywords:
        yield Literal("cors_origins", "*", node.lineno)


def _name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Subscript):  # app.config["SECRET_KEY"]
        return str(node.slice.value) if isinstance(node.slice, ast.Constant) else ""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _constant(name: str, node: ast.expr) -> Iterator[Literal]:
    try:
        yield Literal(name, ast.literal_eval(node), node.lineno)
    except ValueError:
        return  # computed when the program runs: nothing to read here
