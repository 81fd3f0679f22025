"""`orch-next serve`: run the dashboard until it is stopped."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from orch_next.cli.options import settings_for
from orch_next.serving import serve


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Serve until SIGINT or SIGTERM; raise `ConfigError` for settings that cannot work."""
    return serve(settings_for(args, environ), args.async_mode)
