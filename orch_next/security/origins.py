"""Host and Origin headers, parsed exactly; whom the settings trust (docs/security.md)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from orch_next.bounded import kept_by_text
from orch_next.config import Settings
from orch_next.errors import ConfigError

_HOST = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"(https?)://([^/@]+)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  # compared with, never bound


@dataclass(frozen=True)
class Host:
    """A `Host` header: lower-case name (IPv6 in brackets) and the port, None if not told."""

    name: str
    port: int | None = None


@dataclass(frozen=True)
class Origin:
    """A web origin; the port is always explicit."""

    scheme: str
    name: str
    port: int


@kept_by_text(256, 65_536)
def parse_host(text: str) -> Host | None:
    """Return the parts of a `Host` header; None for anything but `name[:port]`."""
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    name = _canonical_name(match[1])
    port = int(match[2]) if match[2] else None
    if name is None or (port is not None and not 0 < port <= 65535):
        return None
    return Host(name, port)


def _canonical_name(name: str) -> str | None:
    if not name.startswith("["):
        return name.lower()
    try:
        return f"[{ipaddress.IPv6Address(name[1:-1])}]"
    except ValueError:
        return None


def parse_origin(text: str) -> Origin | None:
    """Return the parts of an `Origin` header; None for `null` and anything not http(s)."""
    match = _ORIGIN.fullmatch(text)
    host = parse_host(match[2]) if match else None
    if match is None or host is None:
        return None
    scheme = match[1].lower()
    return Origin(scheme, host.name, host.port or _DEFAULT_PORTS[scheme])


def own_origin(scheme: str, host: Host) -> Origin:
    """Return the origin of pages that came by this scheme (`http`, `https`) and host."""
    return Origin(scheme, host.name, host.port or _DEFAULT_PORTS.get(scheme, 0))


@kept_by_text(256, 65_536)
def is_loopback_name(name: str) -> bool:
    """Tell whether a host name is `localhost`, 127.0.0.0/8 or `::1`, bracketed or not."""
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if bare.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    return address.is_loopback


@dataclass(frozen=True)
class Policy:
    """Who may come in, and with how much; made once from the settings."""

    names: frozenset[str]
    suffixes: tuple[str, ...]
    origins: frozenset[Origin]
    any_origin: bool
    max_body_bytes: int

    def trusts(self, host: Host) -> bool:
        """Tell whether this program answers to that host name."""
        if is_loopback_name(host.name) or host.name in self.names:
            return True
        return host.name.endswith(self.suffixes) if self.suffixes else False

    def is_configured(self, origin: Origin) -> bool:
        """Tell whether `ORCH_CORS_ORIGINS` names the origin, or `*`."""
        return self.any_origin or origin in self.origins

    def admits(self, origin: str, scheme: str, host: str) -> bool:
        """Tell whether an `Origin` header is ours or configured; `null` never is."""
        theirs, ours = parse_origin(origin), parse_host(host)
        if theirs is None or ours is None:
            return False
        return theirs == own_origin(scheme, ours) or self.is_configured(theirs)


def make_policy(settings: Settings) -> Policy:
    """Read the door's settings; raise `ConfigError` for a host or origin that is none."""
    entries = [_trusted_name(entry) for entry in settings.trusted_hosts]
    names = {entry for entry in entries if not entry.startswith(".")}
    return Policy(
        names=frozenset(names | _bind_name(settings.host)),
        suffixes=tuple(entry for entry in entries if entry.startswith(".")),
        origins=frozenset(_origin(entry) for entry in settings.cors_origins if entry != "*"),
        any_origin="*" in settings.cors_origins,
        max_body_bytes=settings.max_body_bytes,
    )


def _trusted_name(entry: str) -> str:
    bare = entry.removeprefix(".")
    host = parse_host(f"[{bare}]" if bare.count(":") > 1 and not bare.startswith("[") else bare)
    if host is None or host.port is not None:
        raise ConfigError(
            f"trusted_hosts takes host names without scheme, port or '*', not {entry!r}"
        )
    return ("." if entry.startswith(".") else "") + host.name


def _bind_name(host: str) -> set[str]:
    # A single address that the operator chose to listen on is named by that choice.
    return set() if host in _EVERYWHERE else {_trusted_name(host)}


def _origin(entry: str) -> Origin:
    origin = parse_origin(entry.removesuffix("/"))
    if origin is None:
        raise ConfigError(f"cors_origins takes origins as 'https://host:port', not {entry!r}")
    return origin
