"""Read a request strictly: JSON object bodies, revisions, idempotency keys, authors (D22)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, request

from orch_next.core.events import Who
from orch_next.errors import InputError
from orch_next.security import speaker
from orch_next.security.requests import sent_type
from orch_next.storage.json_files import parse_json

LONGEST_KEY = 200


class Body:
    """A JSON object whose members are read by type; unknown members are ignored."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    @property
    def members(self) -> Mapping[str, Any]:
        """Return the object as it came, for rules that check it themselves."""
        return self._members

    def text(self, name: str, default: str = "") -> str:
        """Return a text member, `default` when absent or null; `InputError` for other types."""
        value = self._members.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise InputError(f"{name} must be a string")
        return value

    def required(self, name: str) -> str:
        """Return a text member that is not blank, else the contract's `<name> is required`."""
        if not self._members.get(name) or not self.text(name).strip():
            raise InputError(f"{name} is required")
        return self.text(name)

    def expected_rev(self) -> str | None:
        """Return the revision the caller saw: `If-Match`, or the member `expected_rev`."""
        header, member = _if_match(), self._members.get("expected_rev")
        if member is None:
            return header
        member = self.text("expected_rev")
        if header is not None and header != member:
            raise InputError("If-Match and expected_rev differ")
        return member


def read_body() -> Body:
    """Parse the request's JSON object; raise `InputError` for anything else (D22)."""
    mime = sent_type()
    if mime and mime != "application/json" and not mime.endswith("+json"):
        raise InputError(f"the Content-Type must be application/json, not {mime}")
    coding = request.headers.get("Content-Encoding", "").strip()
    if coding.lower() not in ("", "identity"):
        raise InputError(f"the body must not be encoded (Content-Encoding: {coding})")
    return parse_object(request.get_data())


def read_loose_body() -> Body:
    """Parse like `read_body`, but an empty body counts as `{}` (routes whose body is optional)."""
    return read_body() if request.get_data(cache=True) else Body({})


def parse_object(data: bytes) -> Body:
    """Parse the bytes of a JSON object; raise `InputError` for anything else (D22)."""
    try:
        members = parse_json(data)
    except ValueError as error:
        raise InputError(f"the body is not valid JSON: {error}") from error
    if not isinstance(members, dict):
        raise InputError("the body must be a JSON object")
    return Body(members)


def _if_match() -> str | None:
    value = request.headers.get("If-Match", "").strip()
    if value in ("", "*"):
        return None
    if value.startswith("W/") or "," in value:
        raise InputError("If-Match must be one strong revision")
    return value.strip('"')


def idempotency_key() -> str | None:
    """Return the `Idempotency-Key` header: at most 200 printable ASCII characters."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise InputError(f"Idempotency-Key must be at most {LONGEST_KEY} printable characters")
    return key or None


def whole_number(name: str, default: int, lowest: int, highest: int) -> int:
    """Return a query value clamped to a range; `default` when it is no ASCII integer."""
    text = request.args.get(name, "")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        return default
    return min(highest, max(lowest, int(text)))


def author(body: Body, name: str, role: str, default: tuple[str, str]) -> Who:
    """Return who changes something: the proven identity, else what the body claims.

    `name` and `role` are members of the body, `default` stands for absent ones. Raises
    `ForbiddenError` when the body names another than the identity (docs/security.md).
    """
    actor, its_role, claimed = speaker(g.get("identity"), body.text(name), body.text(role))
    return Who(actor or default[0], its_role or default[1], source="http", claimed=claimed)
