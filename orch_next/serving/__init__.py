"""SERVING: the embedded server, the gunicorn workers, and what wraps the app for them.

Every name is imported on first use: a green server must patch the standard library before
Flask and its friends are loaded, and gunicorn and gevent may not be installed at all.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orch_next.serving.embedded import serve
    from orch_next.serving.eventlet_worker import EventletWorker
    from orch_next.serving.gevent_worker import GeventWorker
    from orch_next.serving.loading import load_app
    from orch_next.serving.mode import detect_async_mode
    from orch_next.serving.prepare import prepare_app
    from orch_next.serving.proxy import behind_proxy

__all__ = [
    "EventletWorker",
    "GeventWorker",
    "behind_proxy",
    "detect_async_mode",
    "load_app",
    "prepare_app",
    "serve",
]

_MODULES = {
    "EventletWorker": "eventlet_worker",
    "GeventWorker": "gevent_worker",
    "behind_proxy": "proxy",
    "detect_async_mode": "mode",
    "load_app": "loading",
    "prepare_app": "prepare",
    "serve": "embedded",
}

# Said at each start, to people who cannot do anything about it (docs/decisions.md).
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")


def __getattr__(name: str) -> Any:
    """Import the module that has `name`."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
