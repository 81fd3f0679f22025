"""What a template or script uses: element ids, addresses, events, and what comes from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_URL_FOR_STATIC = re.compile(
    r"\{\{-?\s*url_for\(\s*['\"]static['\"]\s*,\s*filename\s*=\s*['\"]([^'\"]+)['\"]\s*\)\s*-?\}\}"
)
_URL_FOR = re.compile(r"\{\{-?\s*url_for\(\s*['\"]([\w.]+)['\"]")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TEXT = r"(`[^`]*`|'[^'\n]*'|\"[^\"\n]*\")"
_CALLS = re.compile(
    rf"(?:\bfetch|\bnew\s+(?P<stream>EventSource|WebSocket)|\bsendBeacon"
    rf"|(?:\$|\b(?:axios|jQuery|http|api))\.(?P<verb>get|post|put|delete|patch|getJSON|ajax))"
    rf"\s*\(\s*(?P<url>{_TEXT})"
)
_OPEN = re.compile(rf"\.open\(\s*['\"](?P<verb>[A-Za-z]+)['\"]\s*,\s*(?P<url>{_TEXT})")
_AJAX = re.compile(rf"\burl\s*:\s*(?P<url>{_TEXT})")
_METHOD = re.compile(r"\b(?:method|type)\s*:\s*['\"]([A-Za-z]+)['\"]")
_LOOSE = re.compile(r"(?P<url>`/[^`\s]*`|'/[^'\s]*'|\"/[^\"\s]*\")")
_EVENT = re.compile(r"\b\w*(?:socket|sock|io|ws)\w*\.(on|emit)\(\s*['\"]([^'\"]+)['\"]", re.I)
_IO = re.compile(r"\bio(?:\.connect)?\(\s*['\"](https?://[^'\"]+)['\"]")
_LOOKUP = re.compile(r"getElementById\(\s*['\"]([^'\"$]+)['\"]\s*\)")
_HOLE = re.compile(r"\$\{[^}]*\}")
_API = re.compile(
    r"/(api|events|sse|status|dispatch|jobs|metrics|health|audit|callbacks|console|agents|monitoring"
    r"|security|realtime|tasks|approvals)(/|\?|\Z)"
)
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0")  # noqa: S104  # compared, never bound
_WINDOW = 400
_LINKS = {"a": "href", "link": "href", "script": "src", "img": "src", "iframe": "src"}


@dataclass(frozen=True)
class Request:
    """A request that a page makes: method (`*` if untold), address without host, and its line."""

    method: str
    path: str
    line: int
    is_absolute: bool = False


@dataclass
class Page:
    """What one file uses; lines count from 1."""

    ids: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    sent: list[tuple[str, int]] = field(default_factory=list)
    awaited: list[tuple[str, int]] = field(default_factory=list)
    external: list[tuple[str, int]] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)
    inline: int = 0


def read_page(text: str) -> Page:
    """Read a template: its markup, and its scripts."""
    page = Page(endpoints=sorted(set(_URL_FOR.findall(_URL_FOR_STATIC.sub("", text)))))
    _Markup(page).feed(without_jinja(text))
    return _sorted(page)


def read_script(text: str) -> Page:
    """Read a script file."""
    page = Page()
    _script(page, text, 1)
    return _sorted(page)


def without_jinja(text: str) -> str:
    """Replace what the template engine fills in: `url_for('static')` by its path, the rest by
    nothing; lines stay where they are.
    """
    text = _URL_FOR_STATIC.sub(lambda match: f"/static/{match[1]}", text)
    return _JINJA.sub(lambda match: "\n" * match[0].count("\n"), text)


class _Markup(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self._page, self._in_script = page, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        line = self.getpos()[0]
        if given.get("id"):
            self._page.ids.append(given["id"])
        self._page.inline += sum(name.startswith("on") for name in given)
        self._page.inline += "style" in given
        for name, value in given.items():
            if name.startswith("on"):
                _script(self._page, value, line)
        address = given.get(_LINKS.get(tag, ""), "")
        if tag == "form":
            self._link(given.get("action", ""), given.get("method", "GET").upper() or "GET", line)
        elif address and (tag != "link" or given.get("rel") != "canonical"):
            self._link(address, "GET", line)
        self._in_script = tag == "script" and "src" not in given
        self._page.inline += self._in_script

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            _script(self._page, data, self.getpos()[0])

    def _link(self, address: str, method: str, line: int) -> None:
        if address.strip() and not address.startswith(("#", "javascript:", "data:", "mailto:")):
            _request(self._page, method, address.strip(), line)


def _script(page: Page, code: str, first: int) -> None:
    seen: set[int] = set()
    for match, method in _calls(code):
        seen.add(match.start("url"))
        _request(page, method, match["url"][1:-1], first + code.count("\n", 0, match.start()))
    for match in _LOOSE.finditer(code):
        path = match["url"][1:-1]
        if match.start("url") not in seen and _API.match(path):
            _request(page, "*", path, first + code.count("\n", 0, match.start()))
    for match in _EVENT.finditer(code):
        line = first + code.count("\n", 0, match.start())
        (page.awaited if match[1].lower() == "on" else page.sent).append((match[2], line))
    for match in _IO.finditer(code):
        _request(page, "GET", f"{match[1]}/socket.io/", first + code.count("\n", 0, match.start()))
    page.looked_up += _LOOKUP.findall(code)


def _calls(code: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield each call with its method: told by name, by the options behind it, else GET."""
    for match in _CALLS.finditer(code):
        verb = (match["verb"] or "").upper()
        behind = code[match.end() : match.end() + _WINDOW].partition(";")[0]
        told = _METHOD.search(behind.split("fetch(")[0])
        if verb in ("", "AJAX"):
            verb = told[1].upper() if told and not match["stream"] else "GET"
        yield match, "GET" if verb == "GETJSON" else verb
    for match in _OPEN.finditer(code):
        yield match, match["verb"].upper()
    for match in _AJAX.finditer(code):
        around = code[max(0, match.start() - _WINDOW // 2) : match.end() + _WINDOW // 2]
        told = _METHOD.search(around)
        yield match, told[1].upper() if told else "GET"


def _request(page: Page, method: str, address: str, line: int) -> None:
    """Note a request: outside addresses apart, our own host's without it."""
    bare = re.sub(r"\A\$\{[^}]*\}(?=/)", "", address)
    parts = urlsplit(_HOLE.sub("*", bare))
    if parts.scheme in ("http", "https", "ws", "wss", "") and parts.netloc:
        host = parts.netloc.rpartition(":")[0] or parts.netloc
        if host not in _LOOPBACK and parts.netloc not in _LOOPBACK:
            page.external.append((address, line))
            return
    elif parts.scheme or not parts.path.startswith("/"):
        return  # `about:blank`, a relative link, a variable: nothing that can be told
    page.requests.append(Request(method, parts.path or "/", line, bool(parts.netloc)))


def _sorted(page: Page) -> Page:
    page.requests = sorted(set(page.requests), key=lambda one: (one.line, one.path, one.method))
    page.external = sorted(set(page.external), key=lambda one: (one[1], one[0]))
    return page
