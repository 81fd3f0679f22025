"""The owner's own pages: `templates/custom/` and `static/custom/`, where `custom_pages` is set.

They came from an older dashboard, so their inline scripts run; a policy of their own keeps what
they may load and reach as narrow as that allows (docs/security.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, abort, current_app, make_response, request, send_file
from flask.typing import ResponseReturnValue
from jinja2 import FunctionLoader, TemplateError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from werkzeug.exceptions import NotFound

from orch_next.config import Settings
from orch_next.errors import ConfigError
from orch_next.regular import NotRegularError, TooLargeError, read_regular
from orch_next.security import custom_policy

PREFIX = "/custom/"
MOST_BYTES = 4 * 2**20
# What the legacy's views filled in (contract 1.2).
TITLES = {
    "/": "ORCH統合管理システム",
    "/tasks": "タスク管理",
    "/approvals": "承認管理",
    "/ml": "ML/DB統合",
    "/ps1": "PS1パラメータ最適化",
    "/results": "作業結果データベース",
    "/tasks/new": "新規タスク作成",
}
_PAGES = "pages."
# What an older page loads from elsewhere and we ship: the file's own hash is another one.
_SHIPPED = (
    (re.compile(r"https?://[^\"'\s]*/socket\.io(?:\.min)?\.js\b"), "vendor/socket.io.min.js"),
    (
        re.compile(r"https?://[^\"'\s]*/chart\.js(?:@[\w.]+)?(?:/[^\"'\s]*)?(?=[\"'])"),
        "vendor/chart.umd.min.js",
    ),
)
_SCRIPT = re.compile(r"<script\b[^>]*\bsrc\s*=[^>]*>", re.IGNORECASE)
_HASHES = re.compile(
    r"\s(?:integrity|crossorigin)(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+))?", re.IGNORECASE
)
_STATIC = re.compile(r"(?P<before>[\"'(=])/static/(?P<name>[^\"')?#\s>]+)")


@dataclass(frozen=True)
class Custom:
    """The folders of one project, and what its pages may load from elsewhere."""

    templates: Path
    static: Path
    shipped: Path
    hosts: tuple[str, ...] = ()

    def show(self, name: str, title: str = "") -> ResponseReturnValue:
        """Render one page; 404 for a name that is none, 500 for a template that is wrong."""
        environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._load), autoescape=True
        )
        environment.globals.update(url_for=self._url_for, get_flashed_messages=list)
        try:
            text = environment.get_template(name).render(title=title, request=_Asked(request.path))
        except TemplateNotFound:
            abort(404)
        except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
            current_app.logger.error("templates/custom/%s: %s", name, error)
            abort(500)
        response = make_response(self._at_home(text))
        response.cache_control.no_cache = True
        response.headers["Content-Security-Policy"] = custom_policy(request.host, self.hosts)
        return response

    def file(self, name: str) -> Response:
        """Send one of the owner's static files; 404 for what is none."""
        found = _inside(self.static, name)
        return send_file(found, conditional=True) if found else abort(404)

    def _load(self, name: str) -> str | None:
        found = _inside(self.templates, name)
        if found is None:
            return None
        try:
            return read_regular(found, MOST_BYTES).decode("utf-8-sig", errors="replace")
        except (NotRegularError, TooLargeError):
            return None

    def _url_for(self, endpoint: str, **values: Any) -> str:
        """Return what the legacy's `url_for` is asked for: a static file, else the view's path."""
        if endpoint == "static":
            return self._static_url(str(values.get("filename", "")))
        return f"{request.script_root}/{quote(endpoint.rpartition('.')[2])}"

    def _static_url(self, name: str) -> str:
        folder = f"{PREFIX}static/" if _inside(self.static, name) else "/static/"
        return f"{request.script_root}{folder}{quote(name)}"

    def _at_home(self, text: str) -> str:
        """Return a page with the addresses of files that lie here."""
        text = _SCRIPT.sub(lambda tag: self._own_script(tag[0]), text)
        return _STATIC.sub(lambda m: f"{m['before']}{self._static_url(m['name'])}", text)

    def _own_script(self, tag: str) -> str:
        for pattern, name in _SHIPPED:
            if pattern.search(tag) and (self.shipped / name).is_file():
                return _HASHES.sub("", pattern.sub(f"/static/{name}", tag))
        return tag


@dataclass(frozen=True)
class _Asked:
    """What a template may know of the request."""

    path: str


def _inside(folder: Path, name: str) -> Path | None:
    """Return the ordinary file of this name, unless it leads out of the folder."""
    try:
        found = (folder / name).resolve()
        is_there = found.is_relative_to(folder.resolve()) and found.is_file()
    except (OSError, ValueError, RuntimeError):  # a NUL, a name too long, a loop of links
        return None
    return found if is_there else None


def install(app: Flask, settings: Settings) -> None:
    """Serve the owner's pages, where that is set; raise `ConfigError` for an odd URL."""
    if not settings.custom_pages:
        return
    root = settings.moc_root
    shipped = Path(str(app.static_folder))
    custom = Custom(
        root / "templates" / "custom", root / "static" / "custom", shipped, settings.custom_hosts
    )
    app.add_url_rule(f"{PREFIX}static/<path:name>", "custom.static", custom.file)
    app.add_url_rule(f"{PREFIX}<path:name>", "custom.page", custom.show)
    app.view_functions["static"] = _or_custom(app.view_functions["static"], custom)
    for url, name in _pairs(settings.custom_urls):
        _take(app, url, partial(custom.show, name, TITLES.get(url, "")))


def _or_custom(ours: Callable[..., Any], custom: Custom) -> Callable[..., Any]:
    def static(filename: str) -> Any:
        """Send a file of ours, else the owner's of that name: scripts ask for it by its old URL."""
        try:
            return ours(filename=filename)
        except NotFound:
            return custom.file(filename)

    return static


def _pairs(urls: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for one in urls:
        url, is_pair, name = (part.strip() for part in one.partition("="))
        if not (is_pair and name and url.startswith("/")):
            raise ConfigError(f"custom_urls must be like /=orch_dashboard.html, not {one!r}")
        yield url, name


def _take(app: Flask, url: str, view: Callable[..., Any]) -> None:
    """Let a page answer a URL: a new one, or one of our own pages'."""
    present = [rule for rule in app.url_map.iter_rules() if rule.rule == url]
    if any(not rule.endpoint.startswith(_PAGES) for rule in present):
        raise ConfigError(f"custom_urls: {url} is no page's URL")
    if re.match(r"/(api|static|custom|socket\.io|sse|login|logout)(/|$)", url):
        raise ConfigError(f"custom_urls: {url} is no page's URL")
    for rule in present:
        app.view_functions[rule.endpoint] = view
    if not present:
        app.add_url_rule(url, f"custom.{quote(url, safe='')}", view)
