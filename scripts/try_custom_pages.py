"""Open the pages of `templates/custom/` in Chromium against a server, and say what fails.

    python scripts/try_custom_pages.py --server http://127.0.0.1:5001 --project /srv/MOC

Each page is given to the browser at `<server>/custom/<name>` without its being served there: what
the template engine would fill in is left out, `/static/` looks into `static/custom/` first, other
hosts are not asked, and everything else goes to the server. Needs `pip install playwright` and a
Chromium (`--chromium`, else one that is found on PATH). Exit status: 0 all is well, 1 not.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from orch_next.migrate.dashboard.pages import without_jinja
from orch_next.migrate.settings.text import decode_text

ARGUMENTS = (
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
STREAMS = ("/socket.io", "/events", "/sse/")  # never end by themselves
_QUIET_SECONDS = 0.3
_MARKUP = (".html", ".htm")


@dataclass
class Trial:
    """What happened on one page: script errors, refused requests, and hosts it wanted."""

    page: str
    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    external: list[str] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        """Tell whether nothing went wrong; a missing library of another host is told apart."""
        return not self.errors and not self.failed


def list_pages(project: Path) -> list[str]:
    """List the pages below `templates/custom/`, by their path there."""
    folder = project / "templates" / "custom"
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _MARKUP)
    return [path.relative_to(folder).as_posix() for path in found]


def try_pages(browser: Any, server: str, project: Path, seconds: float = 10.0) -> list[Trial]:
    """Load every page in a browser of playwright; each gets at most `seconds` to become quiet."""
    return [_try_page(browser, server, project, name, seconds) for name in list_pages(project)]


def _try_page(browser: Any, server: str, project: Path, name: str, seconds: float) -> Trial:
    trial, pending = Trial(name), set[Any]()
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: _answer(route, server, project, trial))
    page.on("console", lambda said: _note_console(said, trial))
    page.on("pageerror", lambda error: trial.errors.append(str(error)))
    page.on("request", lambda one: pending.add(one) if _ends(one.url) else None)
    page.on("requestfinished", lambda one: pending.discard(one))
    page.on("requestfailed", lambda one: _note_failure(one, server, trial, pending))
    page.on("response", lambda one: _note_status(one, trial))
    try:
        page.goto(f"{server}/custom/{quote(name)}", wait_until="load", timeout=seconds * 1000)
        _wait_until_quiet(page, pending, seconds)
    finally:
        context.close()
    return trial


def _answer(route: Any, server: str, project: Path, trial: Trial) -> None:
    url = route.request.url
    path = unquote(urlsplit(url).path)
    if not url.startswith(f"{server}/"):
        trial.external.append(url)
        route.abort()
    elif path.startswith("/custom/"):
        template = project / "templates" / "custom" / path.removeprefix("/custom/")
        text = without_jinja(decode_text(template.read_bytes()).text)
        route.fulfill(body=text, content_type="text/html; charset=utf-8")
    elif (file := _static(project, path)) is not None:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        route.fulfill(body=file.read_bytes(), content_type=kind)
    else:
        route.continue_()


def _static(project: Path, path: str) -> Path | None:
    folder = (project / "static" / "custom").resolve()
    file = (folder / path.removeprefix("/static/")).resolve()
    is_there = path.startswith("/static/") and file.is_relative_to(folder) and file.is_file()
    return file if is_there else None


def _note_console(said: Any, trial: Trial) -> None:
    # Chromium says failed requests here again; they are listed with their status.
    if said.type == "error" and not said.text.startswith("Failed to load resource"):
        trial.errors.append(said.text)


def _note_status(answer: Any, trial: Trial) -> None:
    if answer.status >= 400:
        method, path = answer.request.method, urlsplit(answer.url).path
        trial.failed.append(f"{answer.status} {method} {unquote(path)}")


def _note_failure(request: Any, server: str, trial: Trial, pending: set[Any]) -> None:
    pending.discard(request)
    if request.url.startswith(f"{server}/") and _ends(request.url):
        trial.failed.append(f"{request.failure} {request.method} {urlsplit(request.url).path}")


def _ends(url: str) -> bool:
    path = urlsplit(url).path
    return not path.startswith(STREAMS) and not path.endswith("/events")


def _wait_until_quiet(page: Any, pending: set[Any], seconds: float) -> None:
    """Wait until no request was on its way for a while, at most `seconds`."""
    end, quiet_since = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < end and time.monotonic() - quiet_since < _QUIET_SECONDS:
        page.wait_for_timeout(50)
        if pending:
            quiet_since = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all pages and print what failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="http://127.0.0.1:5001")
    parser.add_argument("--project", type=Path, default=Path())
    parser.add_argument("--chromium", default=next(filter(None, map(shutil.which, PROGRAMS)), None))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.stderr.write("not tried: playwright is missing (pip install playwright)\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=list(ARGUMENTS))
        trials = try_pages(browser, args.server.rstrip("/"), args.project)
        browser.close()
    told = json.dumps([asdict(one) for one in trials], ensure_ascii=False, indent=2)
    sys.stdout.write((told if args.json else _as_text(trials)) + "\n")
    return 0 if all(one.is_fine for one in trials) else 1


def _as_text(trials: Sequence[Trial]) -> str:
    lines = []
    for one in trials:
        lines.append(f"{one.page}: {'fine' if one.is_fine else 'not fine'}")
        lines += [f"  error: {text}" for text in one.errors]
        lines += [f"  request: {text}" for text in one.failed]
        lines += [f"  other host: {url}" for url in sorted(set(one.external))]
    return "\n".join(lines) or "no custom pages"


if __name__ == "__main__":
    sys.exit(main())
