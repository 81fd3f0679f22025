"""Third-party scripts: ours when they are all here, else the CDN's, by hash and by policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orch_next.security.headers import security_headers
from orch_next.security.third_party import policy_sources, sources

SCRIPT = "https://cdn.example.org/npm/x@1.2.3/dist/x.min.js"
STYLE = "https://cdn.example.org/npm/x@1.2.3/dist/x.css"
LOCK = {
    "x": {
        "global": "X",
        "files": [
            {"name": "x.min.js", "cdn": SCRIPT, "integrity": "sha384-aaa"},
            {"name": "x.css", "cdn": STYLE, "integrity": "sha384-bbb"},
        ],
    }
}


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor.json").write_text(json.dumps(LOCK), encoding="utf-8")
    return tmp_path


def place(static: Path, *names: str) -> None:
    for name in names:
        (static / "vendor" / name).write_bytes(b"x")


def urls(static: Path) -> list[str]:
    return [file["url"] for file in sources(static, "/moc/static")["x"]["files"]]


def test_our_copy_is_used_and_nobody_else_is_allowed(static: Path) -> None:
    place(static, "x.min.js", "x.css")
    assert (urls(static), policy_sources(static)) == (
        ["/moc/static/vendor/x.min.js", "/moc/static/vendor/x.css"],
        (),
    )


@pytest.mark.parametrize("present", [[], ["x.css"]])
def test_without_all_of_them_the_cdn_serves_the_same_files(
    static: Path, present: list[str]
) -> None:
    place(static, *present)
    assert (urls(static), policy_sources(static)) == ([SCRIPT, STYLE], (SCRIPT, STYLE))


def test_browsers_check_the_hash_in_both_cases(static: Path) -> None:
    hashes = [file["integrity"] for file in sources(static, "")["x"]["files"]]
    assert hashes == ["sha384-aaa", "sha384-bbb"]


def test_the_policy_names_exactly_these_files() -> None:
    policy = dict(security_headers(None, (SCRIPT, STYLE)))["Content-Security-Policy"]
    rules = [rule.strip() for rule in policy.split(";")]
    assert [rule for rule in rules if rule.startswith(("script-src", "style-src"))] == [
        f"script-src 'self' {SCRIPT}",
        f"style-src 'self' {STYLE}",
    ]


def test_without_them_the_policy_is_only_ours() -> None:
    policy = dict(security_headers(None))["Content-Security-Policy"]
    assert ("https://" in policy, "script-src" in policy, "unsafe" in policy) == (False,) * 3
