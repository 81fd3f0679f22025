"""ORCH-Next: live dashboard, lossless Markdown ledger and dispatcher for AI agent cores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orch_next.app import create_app

__version__ = "0.1.0"
__all__ = ["__version__", "create_app"]


def __getattr__(name: str) -> Any:
    """Load `create_app` on first use: the command line does not need Flask."""
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("orch_next.app").create_app
