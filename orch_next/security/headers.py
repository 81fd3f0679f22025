"""Security headers for every answer; the policy allows no inline script and no inline style."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orch_next.security.origins import Host

_CSP = (
    "default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data:; {files}"
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_YEAR = "max-age=31536000"


def security_headers(
    host: Host | None, files: Sequence[str] = (), *, https: bool = False
) -> list[tuple[str, str]]:
    """Return the headers to add where the answer has none of that name.

    `files`: URLs of scripts and styles elsewhere that our pages may load.
    """
    policy = _CSP.format(sockets=_own_sockets(host), files=_foreign_files(files))
    return [
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        # Not `no-referrer`: browsers would send `Origin: null` with our own login form.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        # Pages of other origins that `cors_origins` names ask by CORS, which this is not about.
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
        *([("Strict-Transport-Security", _YEAR)] if https else []),
    ]


_CUSTOM = (
    "sandbox allow-scripts allow-same-origin allow-forms allow-modals allow-popups "
    "allow-downloads; "
    "default-src 'self'; script-src 'self' 'unsafe-inline'{hosts}; "
    "style-src 'self' 'unsafe-inline'{hosts}; font-src 'self' data:{hosts}; "
    "img-src 'self' data:{hosts}; connect-src 'self'{sockets}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def custom_policy(host: str, hosts: Sequence[str]) -> str:
    """Return the policy of the owner's pages: inline code runs, data goes to this server alone."""
    known = "".join(f" {one}" for one in hosts)
    is_plain = re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", host)
    sockets = f" ws://{host} wss://{host}" if is_plain else ""
    return _CUSTOM.format(hosts=known, sockets=sockets)


def _own_sockets(host: Host | None) -> str:
    # Older browsers do not count ws: and wss: of the same host as 'self'.
    if host is None:
        return ""
    where = host.name if host.port is None else f"{host.name}:{host.port}"
    return f" ws://{where} wss://{where}"


def _foreign_files(files: Sequence[str]) -> str:
    scripts = "".join(f" {url}" for url in files if url.endswith(".js"))
    styles = "".join(f" {url}" for url in files if url.endswith(".css"))
    script_rule = f"script-src 'self'{scripts}; " if scripts else ""
    return script_rule + (f"style-src 'self'{styles}; " if styles else "")
