"""Test tool: a seeded generator of malformed HTTP requests, and the checker for them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

POSTS = (
    *(f"/api/tasks/{verb}" for verb in ("promote", "approve_done", "request_fix", "hold", "drop")),
    *("/api/tasks/create", "/api/task/create", "/api/approvals/approve", "/api/approvals/reject"),
    *("/api/approval/A002/update", "/jobs/001/approve", "/jobs/002/reject"),
    *("/api/tasks/update", "/api/undo/1", "/api/undo/0"),
)
GETS = (
    *("/audit/events", "/jobs", "/jobs/001", "/api/tasks", "/api/approvals", "/api/overview"),
    *("/api/milestones", "/status", "/health", "/tasks", "/api/history", "/api/stats"),
    *("/api/export/tasks.csv", "/api/ledger/tasks", "/api/approvals/A002/evidence"),
)
FIELDS = (
    *("task_id", "appr_id", "title", "owner", "due", "due_date", "notes", "status"),
    *("approver", "approver_role", "comment", "reason", "actor", "role", "expected_rev"),
)
NASTY = (
    *("", " ", "\x00", "\x1b[31m", "a|b", "a\nb", "\r", "\u2028", "\ufeff", "- |\\", "\\", "`|`"),
    *("<script>", "٣", "1_0", "999", "001", "A002", "../../etc/passwd", "-" * 3, "|---|", "日本語"),
    *("x" * 5000, "💥" * 40, "=======", "<<<<<<< HEAD", "%00", "'; DROP TABLE journal;--"),
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    10**30,
    [],
    {},
    [[]],
    {"a": {}},
    *NASTY,
)
BROKEN = (
    b"",
    b"{",
    b'{"task_id": "001"',
    b'{"task_id": "001", "task_id": "002"}',
    b'{"task_id": NaN}',
    b'{"task_id": 1e999}',
    b'{"task_id": "\\ud800"}',
    b'{"title": "\xed\xa0\x80"}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"null",
    b"[]",
    b'"001"',
    b"001",
    b"[" * 2000 + b"]" * 2000,
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b'{"task_id": ' + b"9" * 6000 + b"}",
    b"task_id=001&title=x",
    b"\x00" * 64,
)
TYPES = (
    *("application/json", "application/json; charset=utf-16", "application/problem+json", ""),
    *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "日本"),
)
HEADERS = ("If-Match", "Idempotency-Key", "If-None-Match", "Accept", "Accept-Language", "Range")
QUERIES = ("limit", "type", "page", "per_page", "status", "lang", "kind", "id", "before", "days")


@dataclass(frozen=True)
class Asked:
    """One request, as the test client takes it."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def generate(count: int, seed: int, largest: int) -> Iterator[Asked]:
    """Yield requests of which most are refused; `largest` is the server's body limit."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _read(chance) if chance.random() < 0.2 else _write(chance, largest)


def _read(chance: random.Random) -> Asked:
    query = f"{chance.choice(QUERIES)}={chance.choice(NASTY)[:50]}"
    path = chance.choice((*GETS, f"/jobs/{chance.choice(NASTY)[:50]}", "/nothing", POSTS[0]))
    return Asked("GET", f"{path}?{query}".replace("\n", "%0A"), headers=_headers(chance))


def _write(chance: random.Random, largest: int) -> Asked:
    odd = f"/api/approval/{chance.choice(NASTY)[:50] or 'x'}/update"
    path = chance.choice((*POSTS, odd, chance.choice(GETS)))
    method = "PUT" if chance.random() < 0.05 else "POST"
    body = chance.choice((_object, _object, _cut, _broken))(chance)
    if chance.random() < 0.003:
        body = b'{"title": "' + b"x" * largest + b'"}'
    kind = chance.choice(TYPES) if chance.random() < 0.2 else "application/json"
    return Asked(method, path, body, kind, _headers(chance))


def _headers(chance: random.Random) -> dict[str, str]:
    if chance.random() < 0.7:
        return {}
    value = chance.choice(NASTY).encode("utf-8").decode("latin-1")[:300]
    return {chance.choice(HEADERS): value.replace("\r", "").replace("\n", "")}


def _object(chance: random.Random) -> bytes:
    names = chance.sample(FIELDS, chance.randint(0, 6))
    members = {name: chance.choice(VALUES) for name in names}
    if chance.random() < 0.15:
        members.update(task_id="001", appr_id="A002", title=chance.choice(("", "\x00", "x")))
    return json.dumps(members).encode()


def _cut(chance: random.Random) -> bytes:
    """Damage a good body: cut it, or change one byte."""
    body = bytearray(_object(chance))
    place = chance.randrange(len(body))
    if chance.random() < 0.5:
        return bytes(body[:place])
    body[place] = chance.randrange(256)
    return bytes(body)


def _broken(chance: random.Random) -> bytes:
    return chance.choice(BROKEN)


def find_faults(client: FlaskClient, folder: Path, requests: Iterator[Asked]) -> list[str]:
    """Return a line per 5xx, and per refused request that left a file changed."""
    faults, before = [], _bytes_of(folder)
    for asked in requests:
        answer = client.open(
            asked.path,
            method=asked.method,
            data=asked.body,
            content_type=asked.content_type.encode().decode("latin-1"),
            headers=asked.headers,
        )
        if answer.status_code >= 500:
            faults.append(f"{answer.status_code} for {asked!r:.200}")
        refused = answer.status_code >= 400 or b'"success":false' in answer.data[:20]
        after = _bytes_of(folder) if asked.method != "GET" or refused else before
        if refused and after != before:
            faults.append(f"{answer.status_code} changed a file: {asked!r:.200}")
        before = after
    return faults


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.md")}
