"""Who may use `/api/agents/*`: `config/agents_api.json` and `config/secrets.json` (D40)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from orch_next.errors import ConfigError
from orch_next.storage.toml_settings import load_json

CONFIG = Path("config") / "agents_api.json"
SECRETS = Path("config") / "secrets.json"
REGISTRY = Path("data") / "agents_registry.json"
KINDS = ("jwt", "hmac")
_PLACEHOLDER = re.compile(
    r"(change|replace)[ _-]?(me|this)|placeholder|example|dev[ _-]?only|your[ _-]|<.*>",
    re.IGNORECASE,
)
T = TypeVar("T", str, int, bool)


@dataclass(frozen=True)
class AgentsAccess:
    """What the two files say; the defaults are the legacy's code (contract, appendix B).

    `limit` counts requests per address and minute. An empty secret opens nothing.
    """

    registry: Path
    required: bool = False
    kind: str = "jwt"
    issuer: str = "orch-next"
    audience: str = "agents"
    limit: int = 120
    jwt_secret: str = field(default="", repr=False)
    hmac_secret: str = field(default="", repr=False)


def load_agents_access(moc_root: Path) -> AgentsAccess:
    """Read both files, either spelling of their keys; raise `ConfigError` for a bad one."""
    config, secrets = load_json(moc_root / CONFIG), load_json(moc_root / SECRETS)
    access = AgentsAccess(
        registry=moc_root / _one(config, REGISTRY.as_posix(), "registry.path"),
        required=_one(config, False, "auth.required"),
        kind=_one(config, "jwt", "auth.type").lower(),
        issuer=_one(config, "orch-next", "auth.issuer", "auth.jwt_issuer"),
        audience=_one(config, "agents", "auth.audience", "auth.jwt_audience"),
        limit=_one(config, 120, "security.rate_limit_per_min", "security.rate_limit_per_minute"),
        jwt_secret=_real(_one(secrets, "", "jwt.secret", "jwt_secret")),
        hmac_secret=_real(_one(secrets, "", "hmac.secret", "hmac_key")),
    )
    if access.kind not in KINDS or access.limit < 1:
        raise ConfigError(
            f"{CONFIG}: auth.type must be {' or '.join(KINDS)}, the rate limit at least 1"
        )
    return access


def is_placeholder(secret: str) -> bool:
    """Tell whether a secret is one that a sample file gives, such as `CHANGE_ME_DEV_ONLY`."""
    return _PLACEHOLDER.search(secret) is not None


def _real(secret: str) -> str:
    # Fail closed: the placeholder is public, so it must not open anything (D40).
    return "" if is_placeholder(secret) else secret


def _one(members: Mapping[str, Any], default: T, *names: str) -> T:
    """Return the value that one of the names has; two names must not contradict each other."""
    values = {name: value for name in names if (value := _dig(members, name)) is not None}
    for name, value in values.items():
        if type(value) is not type(default):
            raise ConfigError(f"{name} must be {type(default).__name__}, not {value!r}")
    found = list(values.values())
    if any(value != found[0] for value in found):
        raise ConfigError(f"{' and '.join(values)} contradict each other")
    return found[0] if found else default


def _dig(members: Mapping[str, Any], dotted: str) -> Any:
    value: Any = members
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
