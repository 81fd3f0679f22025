"""Live connections: what became of old settings, and which clients know the old address."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.migrate.house import House, Options
from orch_next.migrate.realtime.clients import Address, EventName, find_clients
from orch_next.migrate.realtime.rules import HEARD, SENT, read_old_settings
from orch_next.migrate.steps.websocket import WebsocketStep
from tests.moc_tree import build_moc
from tests.sample import REPOSITORY

NOW = datetime(2025, 10, 10, tzinfo=timezone.utc)


def house_of(tmp_path: Path, *parts: str, config: str = "") -> House:
    moc = build_moc(tmp_path)
    target = tmp_path / "NEXT"
    (target / "config").mkdir(parents=True)
    (target / "config" / "orch_next.toml").write_text(config)
    return House(moc, target, NOW, Options(parts=frozenset(parts)))


def found_by(house: House) -> set[tuple[str, str]]:
    return {(one.code, one.where) for one in WebsocketStep().plan(house).findings}


def test_old_settings_are_mapped_and_secrets_hidden(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    file = "ORCH/integrated_config.json"
    olds = [one for one in read_old_settings(moc) if one.where.startswith(file)]
    assert [(one.key, one.shown, one.part, one.becomes, one.code) for one in olds] == [
        ("socketio.cors_allowed_origins", "*", "realtime", "cors_origins", "live-any-origin"),
        ("socketio.ping_interval", "25", "realtime", "fixed: 25", ""),
        ("socketio.ping_timeout", "20", "realtime", "fixed: 20", ""),
        (
            "socketio.async_mode",
            "threading",
            "realtime",
            "the server's own (orch-next serve --async-mode)",
            "",
        ),
        ("sse.interval_seconds", "5", "sse", "fixed: 3 s", "live-fixed"),
        ("sse.keepalive_seconds", "15", "sse", "fixed: 3 s", "live-fixed"),
        ("webhook.secret", "***", "webhook", "webhook_secret (moved by the step `config`)", ""),
        ("webhook.signature_header", "***", "webhook", "not used", ""),
        ("webhook.tolerance_seconds", "300", "webhook", "not used", ""),
    ]
    assert "fabricated" not in repr(list(read_old_settings(moc)))


@pytest.mark.parametrize(("value", "code"), [(25, ""), (25000, ""), (60, "live-fixed")])
def test_a_ping_in_seconds_or_milliseconds_is_the_same(
    tmp_path: Path, value: int, code: str
) -> None:
    (tmp_path / "ORCH").mkdir()
    path = tmp_path / "ORCH" / "integrated_config.json"
    path.write_text(json.dumps({"socketio": {"ping_interval": value}}))
    assert [one.code for one in read_old_settings(tmp_path)] == [code]


def test_old_addresses_are_found_with_their_lines(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    page = "ORCH/templates/orch_dashboard.html"
    found = [one for one in find_clients(moc).addresses if "config" not in one.where]
    assert found == [
        Address(f"{page}:11", "http://127.0.0.1:5001", 5001),
        Address(f"{page}:18", "http://127.0.0.1:5001", 5001),
        Address("ORCH/templates/site_board.html:7", "http://localhost:5000", 5000),
        Address("watch_board.py:5", "http://127.0.0.1:5001", 5001),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ws://[::1]:5001/socket.io", [("ws://[::1]:5001", 5001)]),
        (
            "HTTPS://LOCALHOST/x wss://127.0.0.1",
            [("HTTPS://LOCALHOST", 443), ("wss://127.0.0.1", 443)],
        ),
        ("http://localhost.example.com http://127.0.0.1.example http://localhosts", []),
        ("http://example.com:5001 127.0.0.1:5001", []),
    ],
)
def test_only_loopback_addresses_count(
    tmp_path: Path, text: str, expected: list[tuple[str, int]]
) -> None:
    (tmp_path / "a.js").write_text(text)
    assert [(one.url, one.port) for one in find_clients(tmp_path).addresses] == expected


def test_events_are_seen_from_the_page(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('socket.on("new_alert", f);\nsocket.emit("hello", 1);')
    (tmp_path / "a.py").write_text('@socketio.on("hello")\nsocketio.emit("bye", {})\n')
    assert set(find_clients(tmp_path).events) == {
        EventName("a.js:1", "new_alert", "from the server"),
        EventName("a.js:2", "hello", "to the server"),
        EventName("a.py:1", "hello", "to the server"),
        EventName("a.py:2", "bye", "from the server"),
    }


@pytest.mark.parametrize(
    "name",
    [
        *("backups/2025/a.js", "backup_20251001/a.js", "old/a.py", "a_bak.js", "src_backup/a.js"),
        *(".github/workflows/a.yml", ".gitlab-ci.yml", "azure-pipelines.yml", "docs/a.html"),
    ],
)
def test_copies_builds_and_documents_are_no_clients(tmp_path: Path, name: str) -> None:
    text = "http://localhost:5000"
    for one in (name, "src/golden.js"):
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one).write_text(text)
    assert [one.where for one in find_clients(tmp_path).addresses] == ["src/golden.js:1"]


def test_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    text = '\nhttp://localhost:1 ws://localhost:2\nhttp://localhost:1\nsocket.on("a")\n'
    (tmp_path / "a.js").write_text(text + 'socket.on("b"); socket.on("a")\n')
    work = WebsocketStep().plan(House(tmp_path, tmp_path, NOW, Options()))
    assert [(one.code, one.where, one.message.split(" is ")[0]) for one in work.findings] == [
        ("live-address", "a.js:2", work.findings[0].message.split(" is ")[0]),
        ("live-unsent", "a.js:4", "nobody sends the event a, b here"),
    ]
    assert work.findings[0].message.startswith("http://localhost:1, ws://localhost:2 ")


def test_every_event_that_we_know_is_in_our_source() -> None:
    folders = (REPOSITORY / "orch_next" / name for name in ("realtime", "dispatcher", "sensors"))
    others = [REPOSITORY / "orch_next" / "knowledge", REPOSITORY / "orch_next" / "core"]
    text = "".join(p.read_text() for f in (*folders, *others) for p in f.rglob("*.py"))
    text += (REPOSITORY / "docs" / "realtime.md").read_text()
    built_in = {"connect", "disconnect", "connect_error"}
    assert {name for name in (SENT | HEARD) - built_in if name not in text} == set()


def test_the_step_tells_what_to_do(tmp_path: Path) -> None:
    house = house_of(tmp_path, config="port = 5001\nwebhook_secret = 'x'\n")
    work = WebsocketStep().plan(house)
    assert (work.changes, work.counts["settings"] > 9) == ((), True)
    found = {one for one in found_by(house) if not one[1].startswith("config/")}
    assert found == {
        ("live-any-origin", "ORCH/integrated_config.json:13"),
        ("live-fixed", "ORCH/integrated_config.json:19"),
        ("live-fixed", "ORCH/integrated_config.json:20"),
        ("live-address", "ORCH/templates/site_board.html:7"),
        ("live-unheard", "orch_dashboard.py:49"),
        ("live-unsent", "orch_dashboard.py:51"),
    }


def test_another_port_makes_every_old_address_stale(tmp_path: Path) -> None:
    house = house_of(tmp_path, "realtime", config="port = 5010\n")
    work = WebsocketStep().plan(house)
    assert (work.counts["stale"], work.counts["addresses"]) == (
        work.counts["addresses"],
        len(find_clients(house.source).addresses),
    )


def test_a_missing_webhook_secret_is_told(tmp_path: Path) -> None:
    assert found_by(house_of(tmp_path, "webhook")) >= {
        ("live-no-secret", "ORCH/integrated_config.json:23")
    }


def test_parts_narrow_the_step(tmp_path: Path) -> None:
    found = found_by(house_of(tmp_path, "sse"))
    assert found == {
        ("live-fixed", "ORCH/integrated_config.json:19"),
        ("live-fixed", "ORCH/integrated_config.json:20"),
    }


def test_a_configuration_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    house = house_of(tmp_path, config="port = 'five'\n")
    step = WebsocketStep()
    found = [(one.severity, one.code) for one in step.verify(house, step.plan(house))]
    assert found == [("problem", "live-config")]
