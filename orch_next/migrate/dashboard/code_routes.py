"""Routes, events and hooks of a modified dashboard, found in its syntax tree; it never runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

_VERBS = {"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE", "patch": "PATCH"}
_HOOKS = frozenset(
    {
        *("before_request", "after_request", "teardown_request", "before_first_request"),
        *("errorhandler", "context_processor", "template_filter", "teardown_appcontext"),
    }
)
Kind = Literal["route", "event", "hook", "unclear"]


@dataclass(frozen=True)
class Found:
    """One thing that code registers: `name` is a path, an event or a hook; `unclear`: computed."""

    kind: Kind
    method: str
    name: str
    function: str
    line: int


def find_routes(tree: ast.Module) -> list[Found]:
    """List what a module registers, in the file's order."""
    prefixes = _blueprints(tree)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    above = [node.decorator_list for node in ast.walk(tree) if isinstance(node, functions)]
    decorators = {id(one) for each in above for one in each}
    nodes = [node for node in ast.walk(tree) if id(node) not in decorators]
    found = [one for node in nodes for one in _registered(node, prefixes)]
    return sorted(set(found), key=lambda one: (one.line, one.name, one.method))


def _registered(node: ast.AST, prefixes: Mapping[str, str]) -> Iterator[Found]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for decorator in node.decorator_list:
            yield from _decorated(decorator, node.name, prefixes)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("add_url_rule", "route"):
            yield from _routes(node, _function_of(node), ["GET"], prefixes)
        elif node.func.attr in ("on_event", "on") and _is_socket(node.func.value):
            yield from _event(node, _function_of(node))


def _decorated(node: ast.expr, function: str, prefixes: Mapping[str, str]) -> Iterator[Found]:
    call = node if isinstance(node, ast.Call) else None
    named = call.func if call else node
    if not isinstance(named, ast.Attribute):
        return
    if call and named.attr == "route":
        yield from _routes(call, function, ["GET"], prefixes)
    elif call and named.attr in _VERBS:
        yield from _routes(call, function, [_VERBS[named.attr]], prefixes)
    elif call and named.attr in ("on", "event") and _is_socket(named.value):
        yield from _event(call, function)
    elif named.attr in _HOOKS:
        yield Found("hook", "", named.attr, function, node.lineno)


def _routes(
    call: ast.Call, function: str, methods: list[str], prefixes: Mapping[str, str]
) -> Iterator[Found]:
    given = {one.arg: one.value for one in call.keywords}
    path = _text(call.args[0] if call.args else given.get("rule"))
    if "methods" in given:
        methods = _texts(given["methods"])
    if path is None or not methods:
        yield Found("unclear", "", ast.unparse(call)[:80], function, call.lineno)
        return
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    prefix = prefixes.get(_name_of(owner), "")
    for method in methods:
        yield Found("route", method.upper(), prefix + path, function, call.lineno)


def _event(call: ast.Call, function: str) -> Iterator[Found]:
    name = _text(call.args[0]) if call.args else None
    kind: Kind = "event" if name else "unclear"
    yield Found(kind, "", name or ast.unparse(call)[:80], function, call.lineno)


def _blueprints(tree: ast.Module) -> dict[str, str]:
    """Return the prefix of each blueprint by its variable, also of `register_blueprint`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_call(node.value, "Blueprint"):
            names = [_name_of(target) for target in node.targets]
            found |= dict.fromkeys(names, _keyword(node.value, "url_prefix"))
    for node in ast.walk(tree):
        if _is_call(node, "register_blueprint") and isinstance(node, ast.Call) and node.args:
            prefix = _keyword(node, "url_prefix")
            found |= {_name_of(node.args[0]): prefix} if prefix else {}
    return found


def _is_call(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and _name_of(node.func) == name


def _keyword(call: ast.AST, name: str) -> str:
    given = call.keywords if isinstance(call, ast.Call) else []
    return next((_text(one.value) or "" for one in given if one.arg == name), "")


def _is_socket(node: ast.expr) -> bool:
    name = _name_of(node).lower()
    return "socket" in name or name in ("sio", "io")


def _name_of(node: ast.AST | None) -> str:
    """Return the last name: `app` of `app`, and of `self.app`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _function_of(call: ast.Call) -> str:
    given = {one.arg: one.value for one in call.keywords}
    node = given.get("view_func") or (call.args[-1] if len(call.args) > 1 else None)
    return _name_of(node)


def _text(node: ast.expr | None) -> str | None:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if is_text and isinstance(node, ast.Constant) else None


def _texts(node: ast.expr) -> list[str]:
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return []
    found = [_text(one) for one in node.elts]
    return [one for one in found if one] if all(found) else []
