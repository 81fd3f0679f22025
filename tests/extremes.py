"""Test tool: every parameter of every route with values that nobody sends on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from flask import Flask, Request
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

NUMBERS = (10**19, -1, 0, 2**63, 2**63 - 1, 2**31, 10**400)
TEXTS = (
    *("", " ", "NaN", "inf", "-inf", "1e999", "٣", "1_0", "0x10", "1.5", "true", "null"),
    *("\x00", "\x1b[31m", "a\r\nb", "\u2028", "\ufeff", "日本語", "💥" * 300, "x" * 20_000),
    *("../../etc/passwd", "C:\\Users\\moc\\.env", "'; DROP TABLE journal;--", "%", "\\"),
)
# Percent-encoded: bytes that are no UTF-8, and a lone surrogate's.
RAW = ("%ff%fe", "%ED%A0%80", "%00")
QUERY = (*map(str, NUMBERS), "9" * 5_000, *TEXTS)
JSON: tuple[Any, ...] = (
    *NUMBERS[:-1],
    None,
    True,
    1.5,
    -0.0,
    [],
    {},
    [[]],
    ["a", "a"],
    {"a": {}},
    *TEXTS,
)
# What one member alone is given where ledgers are written.
ODD: tuple[Any, ...] = (2**63, [], {"a": {}}, "a\x00b", "x" * 20_000)
LEDGERS = ("tasks.", "approvals.", "jobs.", "undo.", "dispatch.claim", "dispatch.re")
MEMBERS: dict[str, Any] = {
    **{"task_id": "001", "title": "題", "owner": "CMD", "due": "2025-11-01", "notes": "-"},
    **{"due_date": "2025-11-01", "status": "HOLD", "artifact": "C:\\moc\\a.md", "updates": {}},
    **{"appr_id": "A002", "decision": "approved", "approver": "監査", "approver_role": "AUDIT"},
    **{"comment": "", "reason": "", "actor": "作業核", "role": "CMD", "expected_rev": "0" * 16},
    **{"coreId": "C1", "token": "t", "seconds": 5, "message": "", "id": "1", "name": "n"},
    **{"username": "u", "password": "p", "limit": 1, "intervalSec": 60, "interval_hours": 1},
    **{"agent_id": "a", "job_id": "001", "script": "s", "instruction": "i", "outcome": "success"},
}
# What it would stop or start is no matter of parameters.
LEFT_OUT = ("static",)


class Names(ImmutableMultiDict[str, str]):
    """The query's values; notes in `asked` which names a view looks for."""

    asked: set[str]

    def get(self, key: str, *args: Any, **more: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *args, **more)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)


class Watched(Request):
    """A request that tells which query parameters were looked for."""

    asked: ClassVar[set[str]] = set()

    @property
    def args(self) -> Any:
        found = Names(super().args)
        found.asked = type(self).asked
        return found


@dataclass
class Extremes:
    """Asks an application; `faults` are the answers that are not as they should be."""

    app: Flask
    allowed: frozenset[tuple[str, int]] = frozenset()
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        Watched.asked = set()
        self.app.request_class = Watched
        self.client: FlaskClient = self.app.test_client()

    def read_all(self) -> None:
        """Ask every GET route with every value in every place."""
        for rule in self._rules("GET"):
            plain = _path(rule)
            Watched.asked.clear()
            self._check(rule, self.client.get(plain), plain)
            for query in _queries(sorted(Watched.asked)):
                self._check(rule, self.client.get(f"{plain}?{query}"), f"{plain}?{query[:80]}")
            self._vary_path(rule, "GET")

    def write_all(self) -> None:
        """Send every POST route each value in all members at once, and some in each."""
        for rule in self._rules("POST"):
            path = _path(rule)
            for value in JSON:
                self._post(rule, path, dict.fromkeys(MEMBERS, value))
            for name in MEMBERS if rule.endpoint.startswith(LEDGERS) else ():
                for value in ODD:
                    self._post(rule, path, {**MEMBERS, name: value})
            self._vary_path(rule, "POST")

    def _post(self, rule: Rule, path: str, body: dict[str, Any]) -> None:
        odd = {name: value for name, value in body.items() if value != MEMBERS[name]}
        self._check(rule, self.client.post(path, json=body), f"POST {path} {odd!r:.60}")

    def _rules(self, method: str) -> Iterator[Rule]:
        for rule in self.app.url_map.iter_rules():
            if method in (rule.methods or ()) and not rule.endpoint.endswith(LEFT_OUT):
                yield rule

    def _vary_path(self, rule: Rule, method: str) -> None:
        if rule.arguments:
            for value in (*map(_quoted, QUERY), *RAW):
                path = _path(rule, value)
                answer = self.client.open(
                    path, method=method, json={} if method == "POST" else None
                )
                self._check(rule, answer, f"{method} {path[:80]}")

    def _check(self, rule: Rule, answer: TestResponse, asked: str) -> None:
        status = answer.status_code
        if status >= 500 and (rule.endpoint, status) not in self.allowed:
            told = answer.get_data()[:200].decode("utf-8", "replace")
            self.faults.append(f"{status} {rule.endpoint} {asked!r}: {told}")
        elif status >= 400 and (answer.is_json or rule.rule.startswith("/api/")):
            self._check_refusal(rule, answer, asked)
        answer.close()

    def _check_refusal(self, rule: Rule, answer: TestResponse, asked: str) -> None:
        body = answer.get_json(silent=True)
        told = body if isinstance(body, dict) else {}
        writes = rule.endpoint.startswith(LEDGERS) and answer.request.method == "POST"
        reason = told.get("error") or told.get("message")
        if (
            not isinstance(reason, str)
            or not reason
            or (writes and told.get("success") is not False)
        ):
            self.faults.append(f"no reason: {rule.endpoint} {asked!r}: {body}")


def _path(rule: Rule, value: str = "") -> str:
    """Return the rule's path with the value, or with what is there, in every variable."""
    parts = [value or _present(rule, part) if dynamic else part for dynamic, part in rule._trace]
    return "".join(parts).removeprefix("|")


def _present(rule: Rule, name: str) -> str:
    """Return a value that the sample ledgers know."""
    choices = getattr(rule._converters[name], "items", None)
    if choices:
        return str(min(choices))
    return {"approval_id": "A002", "journal_id": "1"}.get(name, "001")


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _queries(names: list[str]) -> Iterator[str]:
    for name in names:
        for value in (*map(_quoted, QUERY), *RAW):
            yield f"{name}={value}"
        yield f"{name}=1&{name}=2"
