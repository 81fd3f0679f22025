"""close_door as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask_socketio import SocketIO

from orch_next.config import Settings, load_settings
from orch_next.errors import ConfigError
from orch_next.security import close_door


def test_a_reachable_open_program_is_not_built(tmp_path: Path) -> None:
    app = Flask(__name__)
    with pytest.raises(ConfigError, match="can be reached by other machines"):
        close_door(app, Settings(root=tmp_path / "ORCH", host="0.0.0.0"))
    assert (app.secret_key, list(tmp_path.iterdir())) == (None, [])


def test_two_apps_over_one_root_share_the_key(tmp_path: Path) -> None:
    apps = [Flask(__name__), Flask(__name__), Flask(__name__)]
    for app, folder in zip(apps, ("a", "a", "b"), strict=True):
        close_door(app, Settings(root=tmp_path / folder / "ORCH"))
    keys = [app.secret_key for app in apps]
    assert (keys[0] == keys[1], keys[0] == keys[2], len(keys[0] or b"")) == (True, False, 32)


def test_the_key_may_live_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "鍵" / "own.key"
    close_door(Flask(__name__), Settings(root=tmp_path / "ORCH", secret_key_file=str(path)))
    assert (path.exists(), (tmp_path / "data").exists()) == (True, False)


def test_the_guard_is_outside_of_socketio(tmp_path: Path) -> None:
    app, settings = Flask(__name__), Settings(root=tmp_path / "ORCH")
    SocketIO(app, async_mode="threading", cors_allowed_origins="*")
    close_door(app, settings)
    answers = [
        app.test_client().get("/socket.io/?EIO=4&transport=polling", base_url=f"http://{host}")
        for host in ("localhost", "evil.example")
    ]
    assert [(a.status_code, a.headers["X-Content-Type-Options"]) for a in answers] == [
        (200, "nosniff"),
        (421, "nosniff"),
    ]


def test_settings_are_lists_or_comma_text(tmp_path: Path) -> None:
    environ = {
        "ORCH_TRUSTED_HOSTS": "orch.example, .moc.example,",
        "ORCH_CORS_ORIGINS": "https://app.example",
        "ORCH_AUTH": "token",
        "ORCH_SECRET_KEY_FILE": str(tmp_path / "own.key"),
    }
    settings = load_settings(environ, {"root": tmp_path / "ORCH", "cors_origins": ["*"]})
    assert (settings.trusted_hosts, settings.cors_origins, settings.auth) == (
        ("orch.example", ".moc.example"),
        ("*",),
        "token",
    )
    assert settings.secret_key_path == tmp_path / "own.key"


@pytest.mark.parametrize("given", [{"auth": "none"}, {"trusted_hosts": 7}, {"cors_origins": [1]}])
def test_settings_that_cannot_be_are_refused(tmp_path: Path, given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(given))):
        load_settings({}, {"root": tmp_path / "ORCH", **given})
