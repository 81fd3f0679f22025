"""The door: hosts, origins, identities and roles (docs/security.md)."""

from __future__ import annotations

from orch_next.security.agents_access import load_agents_access
from orch_next.security.door import close_door
from orch_next.security.exposure import check_exposure
from orch_next.security.guard import guard
from orch_next.security.headers import custom_policy
from orch_next.security.identities import Identities, Identity
from orch_next.security.requests import SESSION_KEY, door_identities, identify_socket
from orch_next.security.roles import allowed_actions, require, speaker
from orch_next.security.signatures import is_signed, sign
from orch_next.security.third_party import sources

__all__ = [
    "SESSION_KEY",
    "Identities",
    "Identity",
    "allowed_actions",
    "check_exposure",
    "close_door",
    "custom_policy",
    "door_identities",
    "guard",
    "identify_socket",
    "is_signed",
    "load_agents_access",
    "require",
    "sign",
    "sources",
    "speaker",
]
