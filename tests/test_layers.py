"""Enforce the import table of docs/architecture.md with `ast`; nothing is imported here."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.sample import REPOSITORY
from tests.source_code import functions_in, package_files, parse

# what knows nothing of the program
LEAVES = {"errors", "regular", "bounded", "clock", "events", "ready"}
# room -> rooms of orch_next it may import besides itself
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "regular": set(),
    "bounded": set(),
    "clock": set(),
    "events": set(),
    "ready": {"bounded"},
    "config": {"storage.toml_settings", "errors", "regular"},
    "offload": {"errors"},
    "internals": set(),
    "ledger": {
        "storage.atomic",
        "storage.disk",
        "storage.process_locks",
        "errors",
        "regular",
        "clock",
    },
    "storage": {"errors", "regular", "clock", "events"},
    "core": {"ledger", "storage", *LEAVES},
    "knowledge": {"core", "storage.toml_settings", *LEAVES},
    "sensors": {
        *("core", "storage.json_files", "storage.leader", "storage.toml_settings"),
        *("config", *LEAVES),
    },
    "dispatcher": {"core", "storage", "config", *LEAVES},
    "realtime": {
        *("core", "storage", "offload", "internals"),
        *("config", *LEAVES),
    },
    "security": {"config", "storage", *LEAVES},
    "migrate": {
        *("ledger", "storage", "core.schema", "core.strict", "core.dialects"),
        *("knowledge", "config", "errors", "clock"),
    },
    "runtime": {
        *("core", "dispatcher", "sensors", "knowledge", "realtime", "security", "storage"),
        *("config", "offload", "ready", *LEAVES),
    },
    "blueprints": {
        *("runtime", "core", "dispatcher", "sensors", "knowledge", "realtime", "security"),
        *("config", "offload", "ready", "storage.json_files", *LEAVES),
    },
}
# what the table's entry points may use: anything below them
ABOVE = {"app", "serving", "cli", "__init__", "__main__"}
FREE_OF_FLASK = {
    *LEAVES,
    "config",
    "internals",
    "ledger",
    "storage",
    "core",
    "knowledge",
    "sensors",
    "dispatcher",
}
REQUEST_ROOMS = {"blueprints", "realtime", "security"}
# the second one lays out notes as HTML; it reads no ledger
KNOW_MARKDOWN = {"orch_next.ledger.parser", "orch_next.blueprints.markdown"}
REQUEST_NAMES = {"g", "request", "current_app"}
# offload and internals import the one green library whose loop runs; others may not be installed
DEFERRED_ALLOWED = {"app", "cli", "serving", "offload", "internals", "__init__"}
NOBODY_IMPORTS = {"cli", "wsgi", "scripts", "__main__"}

Import = tuple[str, str]  # module, name imported from it ("" for a plain import)


def module_name(path: Path) -> str:
    """Return the dotted name of a file: orch_next/core/state.py -> orch_next.core.state."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def room_of(dotted: str) -> str:
    """Return the room of a dotted name: orch_next.core.state -> core."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_in(tree: ast.AST) -> Iterator[Import]:
    """Yield every absolute import below `tree`."""
    return imports_of(ast.walk(tree))


def imports_of(nodes: Iterable[ast.AST]) -> Iterator[Import]:
    """Yield every absolute import among some nodes."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


def internal_targets(tree: ast.AST) -> Iterator[str]:
    """Yield dotted names inside orch_next that `tree` imports, the module or its member."""
    for module, name in imports_in(tree):
        if module == "orch_next":
            yield f"orch_next.{name}" if name and name != "__version__" else "orch_next"
        elif module.startswith("orch_next."):
            yield module


def faults_by(rule: Callable[[str, ast.AST], list[str]]) -> list[str]:
    """Return what a rule finds in all modules of the package."""
    return [fault for path in package_files() for fault in rule(module_name(path), parse(path))]


def layer_faults(module: str, tree: ast.AST) -> list[str]:
    """Return the imports of `module` that the table forbids."""
    targets = internal_targets(tree)
    return [f"{module} imports {target}" for target in targets if not may_import(module, target)]


def may_import(module: str, target: str) -> bool:
    """Tell whether the table allows one import; `orch_next` itself has only the version."""
    room, other = room_of(module), room_of(target)
    if target == "orch_next":
        return True
    if room == other:
        return room != "blueprints" or not is_sibling_view(module, target)
    if room in ABOVE:
        return other not in NOBODY_IMPORTS or room == "__main__"
    return is_allowed(target, ALLOWED.get(room, set()))


def is_sibling_view(module: str, target: str) -> bool:
    """Tell whether two modules of blueprints both define a `bp`: views know no other view."""
    return all(_defines_bp(name) for name in (module, target))


def _defines_bp(module: str) -> bool:
    path = REPOSITORY / Path(*module.split(".")).with_suffix(".py")
    return path.exists() and any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "bp" for target in node.targets)
        for node in parse(path).body
    )


def is_allowed(target: str, allowed: set[str]) -> bool:
    """Tell whether `target` is one of the allowed rooms or modules, or inside one."""
    inner = target.removeprefix("orch_next.")
    return any(inner == name or inner.startswith(f"{name}.") for name in allowed)


def test_modules_import_what_their_rooms_may() -> None:
    assert faults_by(layer_faults) == []


def test_the_table_notices_a_forbidden_import() -> None:
    tree = ast.parse("from orch_next.core import schema\nimport orch_next.blueprints.tasks")
    assert layer_faults("orch_next.ledger.file", tree) == [
        "orch_next.ledger.file imports orch_next.core",
        "orch_next.ledger.file imports orch_next.blueprints.tasks",
    ]


def test_migrate_may_use_the_schema_and_no_more_of_core() -> None:
    tree = ast.parse("from orch_next.core.schema import TASK\nfrom orch_next.core.state import X")
    assert layer_faults("orch_next.migrate.state", tree) == [
        "orch_next.migrate.state imports orch_next.core.state"
    ]


def outside_faults(module: str, tree: ast.AST) -> list[str]:
    """Return the third-party imports that the room may not have."""
    room = room_of(module)
    faults = []
    for name, member in imports_in(tree):
        top = name.partition(".")[0]
        if top == "markdown_it" and module not in KNOW_MARKDOWN:
            faults.append(f"{module}: markdown_it belongs to ledger/parser.py")
        if top in {"flask", "flask_socketio", "flask_cors"} and room in FREE_OF_FLASK:
            faults.append(f"{module}: no {top} in {room}")
        if name.startswith("flask") and member in REQUEST_NAMES and room not in REQUEST_ROOMS:
            faults.append(f"{module}: {member} belongs to {', '.join(sorted(REQUEST_ROOMS))}")
    return faults


def test_frameworks_stay_in_their_rooms() -> None:
    assert faults_by(outside_faults) == []


def test_a_framework_in_the_wrong_room_is_noticed() -> None:
    tree = ast.parse("from flask import g\nimport markdown_it")
    assert outside_faults("orch_next.core.state", tree) == [
        "orch_next.core.state: no flask in core",
        "orch_next.core.state: g belongs to blueprints, realtime, security",
        "orch_next.core.state: markdown_it belongs to ledger/parser.py",
    ]


def deferred_imports(tree: ast.AST) -> list[int]:
    """Return the lines of imports inside functions."""
    return sorted(
        {
            node.lineno
            for function in functions_in(tree)
            for node in ast.walk(function)
            if isinstance(node, (ast.Import, ast.ImportFrom))
        }
    )


def deferred_faults(module: str, tree: ast.AST) -> list[str]:
    """Return the imports inside functions of a module that may have none."""
    lines = [] if room_of(module) in DEFERRED_ALLOWED else deferred_imports(tree)
    return [f"{module}:{line} imports inside a function" for line in lines]


def test_imports_inside_functions_only_at_the_top() -> None:
    assert faults_by(deferred_faults) == []


def test_an_import_inside_a_function_is_noticed() -> None:
    tree = ast.parse("def 読む():\n    import json")
    assert (
        deferred_faults("orch_next.core.state", tree),
        deferred_faults("orch_next.app", tree),
    ) == (
        ["orch_next.core.state:2 imports inside a function"],
        [],
    )


def runtime_graph() -> dict[str, set[str]]:
    """Return module -> modules it imports when it is loaded (not in functions)."""
    names = {module_name(path) for path in package_files()}
    graph: dict[str, set[str]] = {}
    for path in package_files():
        targets: set[str] = set()
        for module, member in imports_of(_loaded(parse(path))):
            longer = f"{module}.{member}"
            found = longer if longer in names else module
            targets.add("orch_next.__init__" if found == "orch_next" else found)
        graph[module_name(path)] = targets & names
    return graph


def _loaded(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below one, without function bodies and TYPE_CHECKING blocks."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef) and not _is_typing(child):
            yield child
            yield from _loaded(child)


def _is_typing(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return one cycle of `graph`, or an empty list."""
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if cycle := walk(target, [*trail, node]):
                return cycle
        done.add(node)
        return []

    return next((cycle for node in sorted(graph) if (cycle := walk(node, []))), [])


def test_what_is_loaded_later_makes_no_cycle() -> None:
    code = (
        "import a\nif TYPE_CHECKING:\n    import b\nclass C:\n    import c\n    def f(): import d"
    )
    assert list(imports_of(_loaded(ast.parse(code)))) == [("a", ""), ("c", "")]


def test_there_is_no_import_cycle() -> None:
    assert find_cycle(runtime_graph()) == []


def test_a_cycle_would_be_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
