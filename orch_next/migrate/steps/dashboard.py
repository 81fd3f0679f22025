"""Step `dashboard`: the owner's templates, static files and routes beside what is here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orch_next.migrate.changes import Put
from orch_next.migrate.dashboard.code_routes import find_routes
from orch_next.migrate.dashboard.files import Custom, list_custom, list_links
from orch_next.migrate.dashboard.match import count_fates
from orch_next.migrate.dashboard.pages import Page, read_page, read_script
from orch_next.migrate.dashboard.report import (
    code_fault,
    page_findings,
    page_row,
    route_findings,
    route_rows,
)
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.python_source import find_dashboards, parse_python
from orch_next.migrate.settings.text import read_text
from orch_next.migrate.settings.told import info, warning
from orch_next.migrate.settings.tree import is_plain, place
from orch_next.migrate.step import Phase, Step, Work

_MARKUP = (".html", ".htm", ".jinja", ".j2")
_SCRIPTS = (".js", ".mjs")
_LARGEST = 5_000_000  # bytes; what is longer is a library, and is kept without being read


def make_steps() -> tuple[Step, ...]:
    """Return the dashboard's step."""
    return (DashboardStep(shipped_root()),)


def shipped_root() -> Path:
    """Return the folder that holds our own `templates` and `static`: the package, or beside it."""
    package = Path(__file__).resolve().parents[2]
    return package if (package / "templates").exists() else package.parent


class DashboardStep:
    """Files to `templates/custom/` and `static/custom/`; routes and requests as a report."""

    name = "dashboard"
    phase: Phase = 2
    title = "Customised pages to templates/custom/ and static/custom/; routes compared"
    title_ja = "独自の画面を templates/custom/ と static/custom/ へ。ルートを比較"

    def __init__(self, shipped: Path) -> None:
        self._shipped = shipped

    def check(self, house: House) -> Sequence[Finding]:
        """Find nothing in the way: files are added, none is replaced."""
        return ()

    def plan(self, house: House) -> Work:
        """Copy the owner's files and say what each page and route relies on."""
        wants = house.options.wants
        files = [one for one in list_custom(house.source, self._shipped) if wants(one.kind)]
        kept = [one for one in files if not _differs(house.target / one.kept, one.origin)]
        edited = [one for one in files if one not in kept]
        pages = [page_row(one.file, page) for one in files if (page := _read(one)) is not None]
        routes, faults = _routes(house.source) if wants("api") else ([], [])
        findings = [
            *(finding for row in pages for finding in page_findings(row)),
            *faults,
            *route_findings(routes),
            *(_link(link) for link in list_links(house.source)),
            *(_edited(one) for one in edited),
            *_served([row for row in pages if row["file"].endswith(_MARKUP)], files),
        ]
        counts = {
            "files": len(kept),
            **_counts("requests", [one for row in pages for one in row["requests"]]),
            **_counts("routes", [row for row in routes if row["custom"]]),
        }
        changes = tuple(Put(one.kept, origin=one.origin) for one in kept)
        notes = {"files": [_file(one) for one in files], "pages": pages, "routes": routes}
        return Work(changes, tuple(findings), counts, notes)

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Find nothing beyond what the frame compares; the browser's trial is a script."""
        return ()


def _read(one: Custom) -> Page | None:
    suffix = one.origin.suffix.lower()
    is_library = one.origin.name.endswith(".min.js") or one.origin.stat().st_size > _LARGEST
    if is_library or suffix not in _MARKUP + _SCRIPTS:
        return None
    text = read_text(one.origin).text
    return read_page(text) if suffix in _MARKUP else read_script(text)


def _routes(root: Path) -> tuple[list[dict[str, Any]], list[Finding]]:
    rows: list[dict[str, Any]] = []
    faults: list[Finding] = []
    for path in find_dashboards(root):
        source = parse_python(path)
        if source.tree is None:
            faults.append(code_fault(place(root, path, source.line), source.fault))
        else:
            rows += route_rows(place(root, path), find_routes(source.tree))
    return rows, faults


def _counts(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    fates = count_fates(row["fate"] for row in rows)
    return {f"{name}_{fate}": count for fate, count in fates.items()}


def _differs(present: Path, origin: Path) -> bool:
    return is_plain(present) and present.read_bytes() != origin.read_bytes()


def _file(one: Custom) -> dict[str, str]:
    return {"file": one.file, "kept": str(one.kept)}


def _link(file: str) -> Finding:
    return warning(
        "symlink_left",
        file,
        "a symlink among the pages is not followed; copy what it leads to if it is needed",
        "画面フォルダー内のシンボリックリンクはたどりません。必要なら中身を複写してください",
    )


# Where the legacy served its templates (contract 1.2), for those that an owner may have changed.
_URLS = {
    "orch_dashboard.html": "/",
    "agents.html": "/agents",
    "realtime_dashboard.html": "/realtime",
    "monitoring_dashboard.html": "/monitoring",
    "security_dashboard.html": "/security",
    "console_launcher.html": "/console",
}


def _served(rows: Sequence[dict[str, Any]], files: Sequence[Custom]) -> Iterator[Finding]:
    """Tell once what serves the pages, and which URLs of the legacy they can take."""
    if not rows:
        return
    kept = {
        one.file: one.kept.relative_to("templates/custom").as_posix()
        for one in files
        if one.kind == "templates"
    }
    names = [kept[row["file"]] for row in rows if row["file"] in kept]
    urls = [f'"{_URLS[name]}={name}"' for name in names if name in _URLS]
    old = f", and custom_urls = [{', '.join(urls)}] at the old URLs" if urls else ""
    old_ja = f"、custom_urls = [{', '.join(urls)}] で元の URL に" if urls else ""
    yield info(
        "custom_served",
        "templates/custom",
        f"{len(names)} pages: custom_pages = true serves them at /custom/<name>{old}",
        f"{len(names)} 画面: custom_pages = true で /custom/<name> に{old_ja}配信します",
    )


def _edited(one: Custom) -> Finding:
    return info(
        "custom_kept",
        str(one.kept),
        f"differs from {one.file} by now and stays as it is",
        f"{one.file} とは内容が違うため、そのままにします",
    )
