"""Which old values are secrets, which are worthless samples, and where real ones go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SECRETS_FILE = "config/secrets.json"
# What `orch_next.config` reads from there as settings.
SECRET_SETTINGS = frozenset(
    {
        *("webhook_secret", "webhook_secret_previous", "webhook_out_secret"),
        *("webhook_out_url", "database_url", "redis_url"),
    }
)
_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|api_?key|hmac_?key|credential|private_?key|encryption_?key"
    r"|jwt_?key|authorization",
    re.IGNORECASE,
)
# Switches and lengths about secrets, not secrets: `api_key_required`, `token_ttl_minutes`.
_ABOUT = re.compile(
    r"(required|enabled|rotation|ttl|expir\w*|minutes|seconds|hours|days|length|algorithm|header"
    r"|file|path|type|policy|min|max)\Z",
    re.IGNORECASE,
)
_HOOK = re.compile(
    r"https://(hooks\.slack\.com|[\w.-]*office\.com/webhook|[\w.-]*webhook\.office\.com"
    r"|discord(app)?\.com/api/webhooks)/",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
_QUERY = re.compile(r"[?&](sig|signature|key|token|secret|code)=[^&]+", re.IGNORECASE)
_SAMPLE = re.compile(
    r"(change|replace)[ _-]?(me|this)|placeholder|example|dev[ _-]?only|your[ _/-]|<.*>",
    re.IGNORECASE,
)
# The legacy's constant (contract 0.1): everybody who has its source knows it.
_CONSTANTS = frozenset({"orch_dashboard_secret_key_2025"})
# Names of old keys -> where the program reads the secret.
HOMES: Mapping[str, str] = {
    "webhook_secret": "webhook_secret",
    "webhook.secret": "webhook_secret",
    "webhooks.secret": "webhook_secret",
    "security.webhook_secret": "webhook_secret",
    "integration.webhooks.secret": "webhook_secret",
    "webhook_secret_previous": "webhook_secret_previous",
    "webhook_out_secret": "webhook_out_secret",
    "jwt_secret": "jwt_secret",
    "jwt.secret": "jwt_secret",
    "security.jwt_secret": "jwt_secret",
    "auth.jwt_secret": "jwt_secret",
    "hmac_key": "hmac_key",
    "hmac.secret": "hmac_key",
    "security.hmac_key": "hmac_key",
}


def is_secret(key: str, value: Any) -> bool:
    """Tell whether a value must not be shown: by its key's name, or by what it looks like."""
    if not isinstance(value, str):
        is_content = isinstance(value, (int, list, dict)) and not isinstance(value, bool)
        return _holds_secret(value) or (is_content and bool(value) and _is_named(key))
    return bool(value) and (_is_named(key) or looks_secret(value))


def looks_secret(text: str) -> bool:
    """Tell whether a text carries a secret itself: a chat hook, a password in a URL."""
    return any(one.search(text) for one in (_HOOK, _CREDENTIALS, _QUERY)) or text in _CONSTANTS


def is_worthless(secret: Any) -> bool:
    """Tell whether a secret is empty, comes from a sample, or is the legacy's constant."""
    text = str(secret).strip()
    # Of an address only what opens it: a real password may go to a host like shop.example.
    carried = _CREDENTIALS.search(text) or _QUERY.search(text)
    core = carried[0] if carried else text
    return not text or text in _CONSTANTS or _SAMPLE.search(core) is not None


def _is_named(key: str) -> bool:
    last = key.rpartition(".")[2]
    parts = key.split(".")
    return any(_NAME.search(part) for part in parts) and not _ABOUT.search(last)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(is_secret(str(name), inner) for name, inner in value.items())
    if isinstance(value, list):
        return any(
            _holds_secret(one) or (isinstance(one, str) and looks_secret(one)) for one in value
        )
    return False
