"""Whose `X-Forwarded-*` headers are believed: those of the addresses that the settings list."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from orch_next.errors import ConfigError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK = ("127.0.0.0/8", "::1")


def proxy_networks(addresses: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks of the proxies, this machine's where none is named; `ConfigError`."""
    return tuple(_network(entry) for entry in addresses or LOOPBACK)


def is_proxy(address: str, networks: Iterable[Network]) -> bool:
    """Tell whether a request that came from this address came from a proxy.

    What has no address came by a Unix socket, which only who may open it can use.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address in ("", "local") or address.startswith(("unix:", "/"))
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)


def _network(entry: str) -> Network:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError as error:
        raise ConfigError(
            f"proxy_addresses takes addresses such as 10.0.0.2 or 10.0.0.0/8, not {entry!r}"
        ) from error
