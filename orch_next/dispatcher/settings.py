"""What the settings say about leases."""

from __future__ import annotations

from orch_next.config import Settings
from orch_next.core.lease_terms import LeaseRules


def lease_rules(settings: Settings) -> LeaseRules:
    """Return the leases' times; raise `ConfigError` for times that cannot work."""
    return LeaseRules(
        ttl=settings.lease_ttl_seconds,
        extension=settings.lease_extension_seconds,
        grace=settings.lease_grace_seconds,
        start=settings.lease_start_seconds,
        max_failures=settings.lease_max_failures,
    )
