from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from orch_next.bounded import Bounded, kept_by_text
from tests.sample import REPOSITORY
from tests.source_code import package_files, parse


def test_it_keeps_what_was_asked_for_last() -> None:
    kept: Bounded[str, str] = Bounded(2)
    kept.put("作業", "1")
    kept.put("C:\\x", "2")
    kept.get("作業")
    kept.put("third", "3")
    assert (kept.values(), kept.get("C:\\x")) == (["1", "3"], None)


def test_a_flood_of_keys_stays_within_number_and_size() -> None:
    kept: Bounded[int, bytes] = Bounded(100, most_size=1_000, size=lambda _key, value: len(value))
    for key in range(10_000):
        kept.put(key, b"x" * 99)
    assert len(kept) == 10
    kept.put(0, b"x" * 1_001)
    assert (len(kept), kept.get(0)) == (0, None)


def test_a_value_that_is_put_again_or_taken_leaves_room() -> None:
    kept: Bounded[str, bytes] = Bounded(9, most_size=10, size=lambda _key, value: len(value))
    for _ in range(5):
        kept.put("a", b"12345678")
    kept.put("b", b"12")
    assert (kept.pop("a"), kept.pop("a"), kept.values()) == (b"12345678", None, [b"12"])


def test_a_function_keeps_results_within_a_number_of_characters() -> None:
    asked: list[str] = []

    @kept_by_text(100, 10_000)
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    texts = [f"{number}" + "作業" * 500 for number in range(50)]
    assert [length(text) for text in texts] == [len(text) for text in texts]
    assert (length(texts[-1]), len(asked)) == (len(texts[-1]), 50)
    length(texts[0])
    assert len(asked) == 51


# Maps that live as long as the program, and what bounds each; a new one is a `Bounded`, or here.
MAPS = {
    "app.py CompiledTemplates._code": "the templates that come with us",
    "core/deadlines.py Deadlines._seen": "leases and locks of the ledgers: `keep_only`",
    "core/marks.py Marks._known": "prefixes of ids in the ledgers",
    "core/journal.py Journal._unsure": "rows of the ledgers, while the database is away",
    "core/marks.py Marks._noted": "three ledgers",
    "core/marks.py Marks._seen": "ids in the ledgers",
    "core/notify.py Notifier._behind": "messages that wait: what is too many is dropped",
    "dispatcher/following.py Following._own": "sessions: `MOST_SESSIONS`",
    "dispatcher/wanted.py WantedSessions._ended": "sessions: `MOST_SESSIONS`",
    "dispatcher/hashing.py Hashes._readings": "64, old ones go",
    "dispatcher/presence.py Presence._beaten": "the roles of contract 5.2",
    "dispatcher/presence.py Presence._shown": "the roles of contract 5.2",
    "dispatcher/worker.py Worker._ended": "jobs: a core's limit",
    "dispatcher/worker.py Worker.jobs": "tasks of the ledger in work",
    "dispatcher/worker.py Worker.problems": "parts of a step, sessions",
    "dispatcher/worker.py Worker.sessions": "`MOST_SESSIONS` of following.py: a test fills it",
    "events.py EventBus._subscribers": "the classes of events",
    "realtime/audience.py Audience._websockets": "open sockets: connections, `Gate`",
    "realtime/files.py Files._marked": "three ledgers",
    "realtime/files.py Files._told": "three ledgers",
    "realtime/files.py Files._waiting": "three ledgers",
    "realtime/missed.py Missed._seen": "three ledgers",
    "realtime/hub.py Hub._subscriptions": "open streams: connections",
    "realtime/proving.py Gate._waiting": "a test fills it",
    "realtime/sockets.py Sockets._holders": "connected sockets: `_disconnect`",
    "security/windows.py Windows._counts": "`MOST_CALLERS`: a test fills it",
    "sensors/alerts.py AlertBook._open": "the alerts that there can be",
    "sensors/rules/inspector.py Inspector._known": "`most_files`",
    "sensors/vitals.py Vitals._last": "seven figures",
    "serving/run_threading.py _Server.answering": "open connections",
    "serving/websocket.py WebSockets.open": "open connections",
}
COLLECTIONS = {"dict", "set", "OrderedDict", "defaultdict", "Counter", "WeakValueDictionary"}


def test_every_map_that_lives_long_is_bounded_and_known() -> None:
    found = {
        f"{path.relative_to(REPOSITORY / 'orch_next').as_posix()} {owner.name}.{name}"
        for path in package_files()
        if _serves(path)
        for owner in ast.walk(parse(path))
        if isinstance(owner, ast.ClassDef)
        for name in _maps_of(owner)
    }
    assert found == set(MAPS)


def _serves(path: Path) -> bool:
    folder = path.relative_to(REPOSITORY / "orch_next").parts[0]
    return folder not in ("migrate", "cli", "bounded.py")


def _maps_of(owner: ast.ClassDef) -> Iterator[str]:
    """Yield the attributes that begin as an empty map or set, also those of a dataclass."""
    is_frozen = any("frozen=True" in ast.unparse(one) for one in owner.decorator_list)
    for field in () if is_frozen else owner.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            factory = ast.unparse(field.value) if field.value else ""
            if factory in {f"field(default_factory={name})" for name in COLLECTIONS}:
                yield field.target.id
    for node in ast.walk(owner):
        for target, value in _assignments(node):
            if _is_attribute(target) and _is_empty_map(value):
                yield target.attr


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=True)
            else:
                yield target, node.value


def _is_attribute(target: ast.expr) -> TypeGuard[ast.Attribute]:
    if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Name):
        return False
    return target.value.id == "self"


def _is_empty_map(value: ast.expr) -> bool:
    if isinstance(value, ast.Dict):
        return not value.keys
    if not isinstance(value, ast.Call) or value.args or value.keywords:
        return False
    called = value.func.value if isinstance(value.func, ast.Subscript) else value.func
    return isinstance(called, ast.Name) and called.id in COLLECTIONS


def test_functions_that_remember_have_few_arguments_to_remember() -> None:
    found = {
        f"{path.relative_to(REPOSITORY / 'orch_next').as_posix()} {node.name}"
        for path in package_files()
        for node in ast.walk(parse(path))
        if _serves(path)
        if isinstance(node, ast.FunctionDef) and any(map(_is_cache, node.decorator_list))
    }
    assert found == {
        "blueprints/markdown.py _markdown",  # no argument
        "core/copies.py _ids_in",  # eight, of at most 8 MB
        "storage/disk.py _renameat2",
        "ledger/parser.py _markdown",
        "security/guard.py headers_for",  # 64 hosts
        "security/third_party.py _lock",  # four
        "security/third_party.py is_complete",
        "storage/database.py _sqlite_statements",  # the tables of this program
        "storage/patience.py _patient_class",  # no argument
    }


def _is_cache(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id in ("cache", "lru_cache")
