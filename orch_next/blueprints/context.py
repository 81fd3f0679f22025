"""What the views of one application share: `current_app.extensions["orch_next"]`."""

from __future__ import annotations

from typing import cast

from flask import current_app

from orch_next.runtime import Runtime

__all__ = ["Runtime", "runtime"]


def runtime() -> Runtime:
    """Return the parts of the application that answers this request."""
    return cast(Runtime, current_app.extensions["orch_next"])
