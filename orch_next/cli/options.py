"""Settings from a command's options; it imports nothing that eventlet would have to patch."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from orch_next.config import Settings, load_settings
from orch_next.errors import ConfigError

_OPTIONS = {"orch_root": "root", "host": "host", "port": "port"}


def settings_for(args: Namespace, environ: Mapping[str, str]) -> Settings:
    """Return the settings; raise `ConfigError` where there is no STATE folder."""
    given = {name: getattr(args, option, None) for option, name in _OPTIONS.items()}
    settings = load_settings(environ, {k: v for k, v in given.items() if v is not None})
    if not settings.state_folder.is_dir():
        raise ConfigError(
            f"{settings.state_folder} is no folder: name your ORCH folder with --orch-root, or "
            "make one with empty ledgers: `orch-next init --new`"
        )
    return settings
