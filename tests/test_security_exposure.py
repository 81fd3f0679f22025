"""An open program never listens where others can reach it."""

from __future__ import annotations

import pytest

from orch_next.config import Settings
from orch_next.errors import ConfigError
from orch_next.security import check_exposure

REACHABLE = ("0.0.0.0", "::", "", "192.168.1.5", "orch.example", "127.1")
LOCAL = ("127.0.0.1", "localhost", "::1", "[::1]", "127.3.2.1", "unix:/run/orch.sock", "/run/x")


@pytest.mark.parametrize("host", REACHABLE)
def test_an_open_program_refuses_a_reachable_address(host: str) -> None:
    with pytest.raises(ConfigError, match="set ORCH_AUTH=token"):
        check_exposure(Settings(host=host))


@pytest.mark.parametrize("host", LOCAL)
def test_loopback_is_open_by_default(host: str) -> None:
    check_exposure(Settings(host=host, cors_origins=("*",)))
    with pytest.raises(ConfigError, match=r"^'0\.0\.0\.0' can be reached"):
        check_exposure(Settings(host=host), [host, "0.0.0.0"])


@pytest.mark.parametrize("host", REACHABLE + LOCAL)
def test_tokens_may_listen_anywhere(host: str) -> None:
    check_exposure(Settings(host=host, auth="token"), [host, "0.0.0.0"])
    with pytest.raises(ConfigError):
        check_exposure(Settings(host=host), [host, "0.0.0.0"])


def test_the_servers_own_addresses_count() -> None:
    with pytest.raises(ConfigError) as caught:
        check_exposure(Settings(), ["127.0.0.1", "0.0.0.0", "10.0.0.7"])
    assert str(caught.value) == (
        "'0.0.0.0', '10.0.0.7' can be reached by other machines, and anyone could change the "
        "ledgers: set ORCH_AUTH=token and add people with `orch-next identity add`, "
        "or listen on 127.0.0.1"
    )


def test_a_star_is_named_in_the_refusal() -> None:
    with pytest.raises(ConfigError, match="name the origins in ORCH_CORS_ORIGINS instead of"):
        check_exposure(Settings(host="0.0.0.0", cors_origins=("*",)))
