"""Below a path and behind proxies: what the app believes of its address and its clients."""

from __future__ import annotations

import pytest
from flask import Flask, request, url_for

from orch_next.config import Settings, load_settings
from orch_next.errors import ConfigError
from orch_next.serving import behind_proxy, detect_async_mode

FORWARDED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "orch.example",
    "X-Forwarded-Prefix": "/moc",
}


def seen(settings: Settings, path: str, **headers: str) -> list[str | None]:
    app = Flask(__name__)

    @app.get("/jobs/<job_id>")
    def job(job_id: str) -> list[str | None]:
        return [job_id, request.remote_addr, url_for("job", job_id="課題", _external=True)]

    behind_proxy(app, settings)
    found: list[str | None] = app.test_client().get(path, headers=headers).get_json()
    return found


ENCODED = "%E8%AA%B2%E9%A1%8C"


def test_nothing_is_believed_by_default() -> None:
    assert seen(Settings(), "/jobs/1", **FORWARDED) == [
        *("1", "127.0.0.1", f"http://localhost/jobs/{ENCODED}")
    ]


def test_one_trusted_proxy_names_client_host_and_prefix() -> None:
    assert seen(Settings(trusted_proxies=1), "/jobs/1", **FORWARDED) == [
        *("1", "203.0.113.7", f"https://orch.example/moc/jobs/{ENCODED}")
    ]


def test_a_client_cannot_add_a_hop() -> None:
    forged = {**FORWARDED, "X-Forwarded-For": "10.0.0.1, 203.0.113.7"}
    assert seen(Settings(trusted_proxies=1), "/jobs/1", **forged)[1] == "203.0.113.7"


@pytest.mark.parametrize("path", ["/orch/jobs/1", "/jobs/1"])
def test_the_prefix_may_be_stripped_or_not(path: str) -> None:
    assert seen(Settings(url_prefix="/orch"), path) == [
        *("1", "127.0.0.1", f"http://localhost/orch/jobs/{ENCODED}")
    ]


def test_a_forwarded_prefix_may_be_left_in_the_path() -> None:
    found = seen(Settings(trusted_proxies=1), "/moc/jobs/1", **FORWARDED)
    assert found == ["1", "203.0.113.7", f"https://orch.example/moc/jobs/{ENCODED}"]


@pytest.mark.parametrize("prefix", ["orch", "/orch/", "/"])
def test_prefixes_that_cannot_work_are_refused(prefix: str) -> None:
    with pytest.raises(ConfigError, match="url_prefix must be like /orch"):
        load_settings({"ORCH_URL_PREFIX": prefix})


def test_the_mode_follows_the_server_not_what_is_installed() -> None:
    assert detect_async_mode() == "threading"
