"""Settings: defaults < config files < `ORCH_*` environment < mapping, checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from orch_next.errors import ConfigError
from orch_next.storage.toml_settings import (
    Reader,
    digits,
    flag,
    folder,
    load_json,
    load_toml,
    names,
    seconds,
    text,
)

CONFIG_FILE = Path("config") / "orch_next.toml"
# What a migration writes: settings below `orch_next`, beside what the legacy had; and secrets.
PRODUCTION_FILE = Path("config") / "production.json"
SECRETS_FILE = Path("config") / "secrets.json"
SECTION = "orch_next"
SECRETS = (
    *("webhook_secret", "webhook_secret_previous", "webhook_out_secret"),
    *("webhook_out_url", "database_url", "redis_url"),
)
GOVERNANCES = ("compatible", "strict")
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
AUTHS = ("open", "token")
POSITIVE = (
    *(
        "max_body_bytes",
        "max_cell_bytes",
        "lock_timeout_seconds",
        "agent_offline_seconds",
        "history_days",
    ),
    *("rules_interval_seconds", "artifact_max_bytes", "unproven_socket_seconds"),
    *("unproven_sockets_per_address", "unproven_sockets"),
)
_HOST = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")
SCHEMES = ("http://", "https://")

# The legacy's own names (contract 7.1); the new name wins when both are set.
LEGACY_NAMES = {"host": "ORCH_DASHBOARD_HOST", "port": "ORCH_DASHBOARD_PORT"}


@dataclass(frozen=True)
class Settings:
    """Everything the program can be told; each field is `ORCH_<NAME>` in the environment."""

    root: Path = Path("ORCH")
    host: str = "127.0.0.1"
    port: int = 5001
    governance: str = "compatible"
    database_url: str = ""
    max_body_bytes: int = 1_048_576
    max_cell_bytes: int = 16_384
    writes_per_minute: int = 600
    lock_timeout_seconds: float = 5.0
    auth: str = "open"
    trusted_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    secret_key_file: str = ""
    url_prefix: str = ""
    trusted_proxies: int = 0
    proxy_addresses: tuple[str, ...] = ()
    proxy_asks: bool = False
    redis_url: str = ""
    lease_ttl_seconds: float = 1800.0
    lease_extension_seconds: float = 600.0
    lease_grace_seconds: float = 300.0
    lease_start_seconds: float = 60.0
    lease_max_failures: int = 3
    scheduler_uses_predictions: bool = False
    agent_offline_seconds: float = 120.0
    webhook_secret: str = field(default="", repr=False)
    webhook_secret_previous: str = field(default="", repr=False)
    webhook_out_url: str = ""
    webhook_out_secret: str = field(default="", repr=False)
    history_days: int = 30
    show_processes: bool = True
    alert_cpu_percent: int = 90
    alert_memory_percent: int = 90
    alert_disk_percent: int = 95
    rules_interval_seconds: float = 300.0
    artifact_max_bytes: int = 268_435_456
    unproven_socket_seconds: float = 10.0
    unproven_sockets_per_address: int = 20
    unproven_sockets: int = 200
    debug_routes: bool = False
    custom_pages: bool = False
    custom_urls: tuple[str, ...] = ()
    custom_hosts: tuple[str, ...] = ()
    log_format: str = "text"
    log_level: str = "INFO"

    @property
    def state_folder(self) -> Path:
        """Return the folder of the three ledgers (contract 3.1; one root, D01)."""
        return self.root / "STATE"

    @property
    def moc_root(self) -> Path:
        """Return the folder that holds ORCH, `data/` and `config/`."""
        return self.root.parent

    @property
    def database(self) -> str:
        """Return the SQLAlchemy URL, by default SQLite in `data/orch-next.db`."""
        return self.database_url or f"sqlite:///{self.moc_root / 'data' / 'orch-next.db'}"

    @property
    def secret_key_path(self) -> Path:
        """Return the file of the key that signs session cookies, by default in `data/`."""
        if self.secret_key_file:
            return Path(self.secret_key_file).expanduser().absolute()
        return self.moc_root / "data" / "secret.key"


# `from __future__ import annotations` makes field types strings.
_READERS: dict[str, Reader] = {
    "Path": folder,
    "int": digits,
    "float": seconds,
    "bool": flag,
    "str": text,
    "tuple[str, ...]": names,
}


def load_settings(
    environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Merge the four sources and check the result; raise `ConfigError` for a bad value."""
    overrides = overrides or {}
    root = folder("root", overrides.get("root") or environ.get("ORCH_ROOT") or "ORCH")
    given = {**_from_files(environ, root), **_from_environ(environ), **overrides}
    return check_settings({**given, "root": root})


def check_settings(given: Mapping[str, Any]) -> Settings:
    """Return settings of these values alone; raise `ConfigError` for a bad value or name."""
    kinds = {one.name: str(one.type) for one in fields(Settings)}
    unknown = sorted(set(given) - set(kinds))
    if unknown:
        raise ConfigError(f"unknown setting: {', '.join(unknown)}")
    return _checked(Settings(**{k: _READERS[kinds[k]](k, v) for k, v in given.items()}))


def _from_files(environ: Mapping[str, str], root: Path) -> dict[str, Any]:
    secrets = _read(root.parent / SECRETS_FILE)
    found = {name: secrets[name] for name in SECRETS if name in secrets}
    if named := environ.get("ORCH_CONFIG"):
        if not Path(named).exists():
            raise ConfigError(f"ORCH_CONFIG names a missing file: {named}")
        return {**found, **_settings_of(Path(named), is_ours=True)}
    files = (root.parent / PRODUCTION_FILE, root.parent / CONFIG_FILE)
    return {**found, **_settings_of(files[0]), **_settings_of(files[1])}


def _settings_of(path: Path, *, is_ours: bool = False) -> dict[str, Any]:
    data = _read(path)
    if path.suffix != ".json":
        return data
    # A production.json of the legacy has no such section and is none of ours.
    section = data.get(SECTION, None if is_ours else {})
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: {SECTION} must be an object")
    return section


def _read(path: Path) -> dict[str, Any]:
    return load_json(path) if path.suffix == ".json" else load_toml(path)


def _from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in fields(Settings):
        value = environ.get(f"ORCH_{one.name.upper()}")
        legacy = LEGACY_NAMES.get(one.name, "")
        if value is None and legacy:
            value = environ.get(legacy)
        if value:
            found[one.name] = value
    return found


def _check_custom(settings: Settings) -> None:
    if odd := [host for host in settings.custom_hosts if not _HOST.fullmatch(host)]:
        raise ConfigError(f"custom_hosts must be like https://cdn.example, not {odd[0]!r}")
    if (settings.custom_urls or settings.custom_hosts) and not settings.custom_pages:
        raise ConfigError("custom_urls and custom_hosts need custom_pages = true")


def _checked(settings: Settings) -> Settings:
    if settings.governance not in GOVERNANCES:
        raise ConfigError(f"governance must be one of {', '.join(GOVERNANCES)}")
    if settings.auth not in AUTHS:
        raise ConfigError(f"auth must be one of {', '.join(AUTHS)}, not {settings.auth!r}")
    if not 0 <= settings.port <= 65535:
        raise ConfigError(f"port must be between 0 and 65535, not {settings.port}")
    for name in POSITIVE:
        if getattr(settings, name) <= 0:
            raise ConfigError(f"{name} must be positive")
    if settings.webhook_out_url and not settings.webhook_out_url.startswith(SCHEMES):
        raise ConfigError("webhook_out_url must start with http:// or https://")
    if settings.log_format not in LOG_FORMATS or settings.log_level.upper() not in LOG_LEVELS:
        raise ConfigError(
            f"log_format must be one of {', '.join(LOG_FORMATS)}, "
            f"log_level one of {', '.join(LOG_LEVELS)}"
        )
    _check_custom(settings)
    prefix = settings.url_prefix
    if prefix and (prefix[0] != "/" or prefix[-1] == "/"):
        raise ConfigError(f"url_prefix must be like /orch, not {prefix!r}")
    return settings
