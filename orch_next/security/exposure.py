"""Refuse to start where strangers could reach an open program (D52)."""

from __future__ import annotations

from collections.abc import Iterable

from orch_next.config import Settings
from orch_next.errors import ConfigError
from orch_next.security.origins import is_loopback_name


def check_exposure(settings: Settings, binds: Iterable[str] | None = None) -> None:
    """Raise `ConfigError` when an address beyond loopback is served without tokens.

    `binds` are the addresses that the server really listens on (gunicorn's may differ from
    `settings.host`); a Unix socket (`unix:...` or a path) counts as local.
    """
    if settings.auth == "token":
        _refuse_every_origin(settings)
        return
    if settings.trusted_proxies and not settings.proxy_asks:
        raise ConfigError(
            "a proxy in front (trusted_proxies) makes the program reachable, and anyone could "
            "change the ledgers: set ORCH_AUTH=token, or ORCH_PROXY_ASKS=true where the proxy "
            "itself asks for a password"
        )
    reachable = [bind for bind in binds or (settings.host,) if not _is_local(bind)]
    if not reachable:
        return
    remedy = "set ORCH_AUTH=token and add people with `orch-next identity add`"
    if "*" in settings.cors_origins:
        remedy += ", and name the origins in ORCH_CORS_ORIGINS instead of '*'"
    raise ConfigError(
        f"{', '.join(repr(bind) for bind in reachable)} can be reached by other machines, and "
        f"anyone could change the ledgers: {remedy}, or listen on 127.0.0.1"
    )


def _refuse_every_origin(settings: Settings) -> None:
    if "*" in settings.cors_origins:
        raise ConfigError(
            "cors_origins = '*' and auth = token contradict each other: every page that somebody "
            "with a session opens could ask in their name; name the origins"
        )


def _is_local(bind: str) -> bool:
    return bind.startswith(("unix:", "/")) or is_loopback_name(bind)
