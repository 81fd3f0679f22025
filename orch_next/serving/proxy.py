"""Deployment behind a proxy and below a path: WSGI wrappers around the whole app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from orch_next.config import Settings
from orch_next.security.proxies import Network, is_proxy, proxy_networks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def behind_proxy(app: Flask, settings: Settings) -> None:
    """Wrap `app` (apply it last, outermost) so that it knows the address its clients use.

    `trusted_proxies` is how many proxies set `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`;
    with 0 a client cannot forge them, nor can one whose address is none of `proxy_addresses`.
    `url_prefix` is the path the app lives under; the proxy
    may strip it or not. Everything follows it: pages, API, event streams and `/socket.io`.
    """
    wrapped: Any = _BelowPath(app.wsgi_app, settings.url_prefix)
    hops = settings.trusted_proxies
    if hops:
        corrected = ProxyFix(wrapped, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)
        wrapped = _FromProxies(corrected, wrapped, proxy_networks(settings.proxy_addresses))
    app.wsgi_app = wrapped  # type: ignore[method-assign]  # Flask's way to add middleware


class _FromProxies:
    """Believes what proxies say of a request only when one of them has sent it."""

    def __init__(
        self, corrected: WSGIApplication, plain: WSGIApplication, networks: Sequence[Network]
    ) -> None:
        self._corrected, self._plain, self._networks = corrected, plain, networks

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        known = is_proxy(environ.get("REMOTE_ADDR", ""), self._networks)
        app = self._corrected if known else self._plain
        return app(environ, start_response)


class _BelowPath:
    def __init__(self, wsgi_app: WSGIApplication, prefix: str) -> None:
        self.wsgi_app = wsgi_app
        self.prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = self.prefix or environ.get("SCRIPT_NAME", "")
        path = environ.get("PATH_INFO", "")
        if prefix:
            environ["SCRIPT_NAME"] = prefix
            if path == prefix or path.startswith(f"{prefix}/"):
                environ["PATH_INFO"] = path[len(prefix) :] or "/"
        return self.wsgi_app(environ, start_response)
