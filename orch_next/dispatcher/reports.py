"""What a core says of its task: checked once, for HTTP, CLI and webhook alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orch_next.core.lease_terms import Ending, reported
from orch_next.core.leases import REPORTS
from orch_next.errors import InputError

# DOING says no more than that the work goes on.
STATUSES = ("DOING", *REPORTS)
_LONGEST = {"job_id": 255, "status": 16, "token": 200, "artifact": 1000, "message": 4000}


@dataclass(frozen=True)
class Report:
    """One report; without a token it needs another proof, such as a signature."""

    job_id: str
    status: str
    token: str = ""
    artifact: str = ""
    message: str = ""

    @property
    def ending(self) -> Ending:
        """Return how the lease ends by this report."""
        return reported(self.status, artifact=self.artifact, message=self.message)


def parse_report(body: Any) -> Report:
    """Check `{job_id, status, token?, artifact?, message?}`; raise `InputError`."""
    if not isinstance(body, dict):
        raise InputError("the body must be a JSON object")
    texts = {name: _text(body, name) for name in _LONGEST}
    if not texts["job_id"]:
        raise InputError("job_id is required")
    if texts["status"] not in STATUSES:
        raise InputError(f"status must be one of {', '.join(STATUSES)}")
    if not texts["artifact"].isprintable():
        raise InputError("artifact must be one line of text")
    return Report(**texts)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{name} must be a string")
    if len(value) > _LONGEST[name]:
        raise InputError(f"{name} must have at most {_LONGEST[name]} characters")
    return value.strip() if name == "artifact" else value
