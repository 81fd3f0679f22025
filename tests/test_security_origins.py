"""Host and Origin headers, exactly."""

from __future__ import annotations

import pytest

from orch_next.config import Settings
from orch_next.errors import ConfigError
from orch_next.security.origins import (
    Host,
    Origin,
    is_loopback_name,
    make_policy,
    own_origin,
    parse_host,
    parse_origin,
)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("127.0.0.1:5001", Host("127.0.0.1", 5001)),
        ("LocalHost", Host("localhost")),
        ("[::1]:5001", Host("[::1]", 5001)),
        ("[0:0:0:0:0:0:0:1]", Host("[::1]")),
        ("orch.example", Host("orch.example")),
        ("a_b-c.example:65535", Host("a_b-c.example", 65535)),
    ],
)
def test_host_is_parsed(text: str, host: Host) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ":5001", "a b", "localhost:", "localhost:0", "localhost:65536", "localhost:5x"),
        *("localhost:５００１", "user@localhost", "localhost/", "localhost,evil.example"),
        *("[::1", "::1", "[::1%25lo]", "[1.2.3.4]", "[:::]", "localhost\n", "日本.example"),
        *("http://localhost", "-a.example", "localhost:5001:5001", "a" * 300),
    ],
)
def test_anything_else_is_no_host(text: str) -> None:
    assert parse_host(text) is None


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://127.0.0.1:5001", Origin("http", "127.0.0.1", 5001)),
        ("http://localhost", Origin("http", "localhost", 80)),
        ("HTTPS://Orch.Example", Origin("https", "orch.example", 443)),
        ("http://[::1]:5173", Origin("http", "[::1]", 5173)),
    ],
)
def test_origin_is_parsed(text: str, origin: Origin) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        *("null", "", "*", "localhost", "file://", "ws://localhost", "http://", "http:///"),
        *("http://localhost/", "http://a@localhost", "http://localhost http://evil.example"),
        *("chrome-extension://abcdef", "http://localhost:99999", "http://ローカル"),
    ],
)
def test_anything_else_is_no_origin(text: str) -> None:
    assert parse_origin(text) is None


def test_loopback_names() -> None:
    names = [
        *("127.0.0.1", "127.255.255.254", "localhost", "LOCALHOST", "::1", "[::1]"),
        *("localhost.", "127.1", "0.0.0.0", "::", "128.0.0.1", "evil.localhost", "2130706433", ""),
    ]
    assert [name for name in names if is_loopback_name(name)] == names[:6]


def test_default_ports_are_explicit() -> None:
    assert own_origin("https", Host("orch.example")) == parse_origin("https://orch.example:443")


def test_trusted_hosts_and_subdomains() -> None:
    policy = make_policy(
        Settings(host="192.168.1.5", trusted_hosts=("Orch.Example", ".moc.example", "fd00::5"))
    )
    asked = [
        *("orch.example", "a.moc.example", "a.b.moc.example:8443", "192.168.1.5:5001", "[fd00::5]"),
        *("localhost", "127.9.9.9", "moc.example", "evilmoc.example", "x.orch.example", "10.0.0.1"),
    ]
    trusted = [text for text in asked if policy.trusts(parse_host(text) or Host("?"))]
    assert trusted == asked[:7]


def test_listening_everywhere_names_nobody() -> None:
    policies = [make_policy(Settings(host=host)) for host in ("0.0.0.0", "::", "")]
    assert [policy.names for policy in policies] == [frozenset()] * 3


@pytest.mark.parametrize("entry", ["*", "http://a.example", "a.example:80", "a b", ".", "a,b"])
def test_a_trusted_host_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(ConfigError, match="trusted_hosts takes host names"):
        make_policy(Settings(trusted_hosts=(entry,)))


@pytest.mark.parametrize("entry", ["null", "app.example", "https://app.example/x", "https://*"])
def test_a_configured_origin_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(ConfigError, match="cors_origins takes origins"):
        make_policy(Settings(cors_origins=(entry,)))


@pytest.mark.parametrize(
    ("cors", "origin", "admitted"),
    [
        ((), "http://127.0.0.1:5001", True),
        ((), "https://127.0.0.1:5001", False),
        ((), "http://127.0.0.1", False),
        ((), "http://localhost:5001", False),
        ((), "null", False),
        (("https://app.example/",), "https://app.example", True),
        (("https://app.example",), "https://app.example:443", True),
        (("https://app.example",), "http://app.example", False),
        (("https://app.example",), "https://sub.app.example", False),
        (("*",), "https://anything.example", True),
        (("*",), "null", False),
    ],
)
def test_who_is_admitted(cors: tuple[str, ...], origin: str, admitted: bool) -> None:
    policy = make_policy(Settings(cors_origins=cors))
    assert policy.admits(origin, "http", "127.0.0.1:5001") is admitted
