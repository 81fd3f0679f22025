"""Rows and findings about pages and routes, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orch_next.migrate.dashboard.code_routes import Found
from orch_next.migrate.dashboard.legacy import PAGE_IDS
from orch_next.migrate.dashboard.match import (
    Answer,
    is_legacy_event,
    is_legacy_route,
    judge_event,
    judge_route,
)
from orch_next.migrate.dashboard.pages import Page
from orch_next.migrate.findings import Finding
from orch_next.migrate.settings.told import info, problem, warning

_JAPANESE = {"covered": "あり", "changed": "変更", "missing": "なし"}


def page_row(file: str, page: Page) -> dict[str, Any]:
    """Return what a page uses: ids beside the legacy's, each request and event with its fate."""
    requests = [
        {
            **{"method": one.method, "path": one.path, "line": one.line},
            **_fate(_judged(one.method, one.path, is_absolute=one.is_absolute)),
        }
        for one in page.requests
    ]
    events = [
        {"event": name, "line": line, "sent": sent, **_fate(judge_event(name, is_sent=sent))}
        for sent, found in ((True, page.sent), (False, page.awaited))
        for name, line in found
    ]
    return {
        "file": file,
        **_ids(file, page),
        "requests": requests,
        "events": events,
        "external": [{"address": address, "line": line} for address, line in page.external],
        "endpoints": page.endpoints,
        "inline": page.inline,
    }


def page_findings(row: dict[str, Any]) -> Iterator[Finding]:
    """Yield what of a page will not work as before."""
    for one in row["requests"]:
        if one["fate"] != "covered":
            yield _lacking(row["file"], one, f"{one['method']} {one['path']}")
    for one in row["events"]:
        if one["fate"] != "covered":
            yield _lacking(row["file"], one, f"Socket.IO {one['event']}")
    if row["external"]:
        yield _external(row["file"], [one["address"] for one in row["external"]])
    if row["inline"]:
        yield _inline(row["file"], row["inline"])


def route_rows(file: str, found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return a row per route, event and hook of a modified dashboard; `custom` is the owner's."""
    rows = []
    for one in found:
        answer, is_custom = _judge_code(one)
        place = {"file": file, "line": one.line, "function": one.function}
        what = {"kind": one.kind, "method": one.method, "name": one.name, "custom": is_custom}
        rows.append({**place, **what, **_fate(answer)})
    return rows


def route_findings(rows: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Yield what the owner's own routes, events and hooks become."""
    for row in rows:
        where = f"{row['file']}:{row['line']}"
        if row["kind"] == "unclear":
            yield _unclear(where, row["name"])
        elif row["custom"] or row["fate"] != "covered":
            yield _route(where, row)


def code_fault(where: str, fault: str) -> Finding:
    """Tell of a dashboard whose code is no Python."""
    return problem(
        "code_unreadable",
        where,
        f"this code cannot be parsed, so its routes are unknown: {fault}",
        f"コードを解析できないため、ルートは不明です: {fault}",
    )


def _judged(method: str, path: str, *, is_absolute: bool) -> Answer:
    answer = judge_route(method, path)
    if is_absolute and answer.fate == "covered":
        return Answer("changed", "names a host and port; use the path alone")
    return answer


def _judge_code(one: Found) -> tuple[Answer, bool]:
    if one.kind == "event":
        return judge_event(one.name, is_sent=True), not is_legacy_event(one.name)
    if one.kind == "hook":
        return Answer("missing", "hooks of the old application do not run here"), True
    if one.kind == "unclear":
        return Answer("missing", "computed when it runs"), True
    return judge_route(one.method, one.name), not is_legacy_route(one.method, one.name)


def _fate(answer: Answer) -> dict[str, str]:
    return {"fate": answer.fate, "why": answer.why}


def _ids(file: str, page: Page) -> dict[str, Any]:
    """Compare with the version of the legacy's template that shares most ids."""
    used = {*page.ids, *page.looked_up}
    name = file.rpartition("/")[2]
    versions = {v: ids for v, ids in PAGE_IDS.items() if v.startswith(f"{name} ")}
    if not versions:
        everything = frozenset[str]().union(*PAGE_IDS.values())
        return {"like": "", "ids": sorted(used & everything), "own_ids": sorted(used - everything)}
    like = max(versions, key=lambda v: (len(versions[v] & used) - len(versions[v] - used), v))
    return {
        "like": like,
        "ids": sorted(used & versions[like]),
        "own_ids": sorted(used - versions[like]),
        "gone_ids": sorted(versions[like] - used),
    }


def _lacking(file: str, one: dict[str, Any], what: str) -> Finding:
    why = f" ({one['why']})" if one["why"] else ""
    return warning(
        f"page_{one['fate']}",
        f"{file}:{one['line']}",
        f"{what}: {one['fate']} in ORCH-Next{why}",
        f"{what}: ORCH-Next では{_JAPANESE[one['fate']]}{why}",
    )


def _external(file: str, addresses: Sequence[str]) -> Finding:
    return info(
        "page_external",
        file,
        f"loads from other hosts, which ORCH-Next's own pages never do: {', '.join(addresses)}",
        f"他のホストから読み込みます (ORCH-Next の画面はしません): {', '.join(addresses)}",
    )


def _inline(file: str, count: int) -> Finding:
    return info(
        "page_inline",
        file,
        f"{count} inline scripts, handlers or styles: they run where `custom_pages` serves the "
        "page, not in pages of ORCH-Next",
        f"インラインのスクリプト・ハンドラー・スタイルが {count} 件: `custom_pages` で配信すれば"
        "動きますが、ORCH-Next の画面では動きません",
    )


def _unclear(where: str, code: str) -> Finding:
    return warning(
        "route_unclear",
        where,
        f"this is computed when the program runs, so nobody can say whether it is covered: {code}",
        f"実行時に決まるため、対応の有無は分かりません: {code}",
    )


# By (is it a hook, is it the owner's): the legacy has hooks too, and nobody can tell whose one is.
_WHOSE = {
    (False, True): "of your own",
    (False, False): "of the legacy",
    (True, True): "of the modified dashboard",
    (True, False): "of the modified dashboard",
}
_WHOSE_JA = {
    (False, True): "独自",
    (False, False): "従来",
    (True, True): "改変されたダッシュボード",
    (True, False): "改変されたダッシュボード",
}


def _route(where: str, row: dict[str, Any]) -> Finding:
    what = " ".join(filter(None, (row["kind"], row["method"], row["name"])))
    why = f" ({row['why']})" if row["why"] else ""
    told = info if row["fate"] == "covered" else warning
    whose = _WHOSE[row["kind"] == "hook", row["custom"]]
    return told(
        f"route_{row['fate']}",
        where,
        f"{what} {whose}: {row['fate']} in ORCH-Next{why}",
        f"{what} ({_WHOSE_JA[row['kind'] == 'hook', row['custom']]}): ORCH-Next では"
        f"{_JAPANESE[row['fate']]}{why}",
    )
