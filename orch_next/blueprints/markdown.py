"""Render a cell's Markdown for readers: no raw HTML, no pictures, links without tricks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from orch_next.bounded import kept_by_text

# What is longer or more tangled is shown as it is: laying it out would hold others up.
LONGEST = 20_000
MOST_COLUMNS = 100
MOST_BRACKETS = 1_000
SCHEMES = ("http", "https", "mailto")
# The page's own headings come first.
_HEADINGS_DOWN = 3

_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)", re.IGNORECASE)


@kept_by_text(256, 1_000_000)
def render_cell(text: str) -> str:
    """Return the HTML of a one-line cell; `<br>`, the custom in tables, ends a line.

    Everything else that looks like HTML is text; only links to `SCHEMES` and relative ones
    are links. Pictures become links: the page loads nothing that a cell names.
    """
    if _is_costly(text):
        return f"<pre>{escape(text)}</pre>\n"
    markdown = _markdown()
    tokens = markdown.parse(_BREAK.sub("\n", text))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + _HEADINGS_DOWN, 6)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "noopener")
    rendered: str = markdown.renderer.render(tokens, markdown.options, {})
    return rendered


def _is_costly(text: str) -> bool:
    columns = max(line.count("|") for line in _BREAK.split(text))
    return len(text) > LONGEST or columns > MOST_COLUMNS or text.count("[") > MOST_BRACKETS


@cache
def _markdown() -> MarkdownIt:
    options = {"html": False, "linkify": False, "breaks": True}
    markdown = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    markdown.validateLink = is_link  # type: ignore[method-assign]
    markdown.add_render_rule("image", _link_to_picture)
    return markdown


def is_link(url: str) -> bool:
    """Tell whether a link may stand in a page: a relative one, or one of `SCHEMES`."""
    scheme = _SCHEME.match(url.strip())
    return scheme is None or scheme[0].lower() in SCHEMES


def _link_to_picture(
    _renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any
) -> str:
    token = tokens[index]
    source = escape(str(token.attrGet("src") or ""))
    return f'<a href="{source}" rel="noopener">{escape(token.content) or source}</a>'
