from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from orch_next.config import Settings, load_settings
from orch_next.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SAMPLE = Path(__file__).parent.parent / "config" / "orch_next.toml"


def sample_values() -> dict[str, Any]:
    """Return the sample's settings (`#port = 5001`) with the comment marks taken away."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    settings = [line[1:] for line in lines if line.startswith("#") and line[1:2].isalpha()]
    return tomllib.loads("\n".join(settings))


def moc(tmp_path: Path, toml: str = "") -> dict[str, str]:
    """Return an environment whose ORCH folder has this config file."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "orch_next.toml").write_text(toml, encoding="utf-8")
    return {"ORCH_ROOT": str(tmp_path / "ORCH")}


def test_defaults_are_the_documented_ones() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.root) == (
        "127.0.0.1",
        5001,
        Path("ORCH").absolute(),
    )


def test_the_root_decides_where_everything_lies(tmp_path: Path) -> None:
    settings = load_settings({"ORCH_ROOT": str(tmp_path / "MOC 日本" / "ORCH")})
    assert (settings.state_folder, settings.moc_root, settings.database) == (
        tmp_path / "MOC 日本" / "ORCH" / "STATE",
        tmp_path / "MOC 日本",
        f"sqlite:///{tmp_path / 'MOC 日本' / 'data' / 'orch-next.db'}",
    )


def test_the_file_beside_orch_is_read(tmp_path: Path) -> None:
    assert load_settings(moc(tmp_path, "port = 6001\n")).port == 6001


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environ = moc(tmp_path, "port = 6001\n") | {"ORCH_PORT": "6002"}
    assert load_settings(environ).port == 6002


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    environ = moc(tmp_path, "port = 6001\n") | {"ORCH_PORT": "6002"}
    assert load_settings(environ, {"port": "6003"}).port == 6003


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"ORCH_DASHBOARD_HOST": "::1", "ORCH_DASHBOARD_PORT": "5000"}, ("::1", 5000)),
        ({"ORCH_DASHBOARD_PORT": "5000", "ORCH_PORT": "7000"}, ("127.0.0.1", 7000)),
    ],
)
def test_legacy_names_work_and_the_new_ones_win(
    environ: dict[str, str], expected: tuple[str, int]
) -> None:
    settings = load_settings(environ)
    assert (settings.host, settings.port) == expected


@pytest.mark.parametrize("port", ["", "x", "-1", "70000", "５００１", "5_001"])
def test_a_bad_port_is_refused(port: str) -> None:
    with pytest.raises(ConfigError, match="port"):
        load_settings({}, {"port": port})


@pytest.mark.parametrize("toml", ["port = 'x'", "prot = 1", "port = true", "port = [", "host = 5"])
def test_a_bad_config_file_is_refused(tmp_path: Path, toml: str) -> None:
    with pytest.raises(ConfigError):
        load_settings(moc(tmp_path, toml))


def test_a_named_config_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        load_settings({"ORCH_CONFIG": str(tmp_path / "設定.toml")})


def test_an_unknown_governance_is_refused() -> None:
    with pytest.raises(ConfigError, match="compatible, strict"):
        load_settings({"ORCH_GOVERNANCE": "loose"})


def test_the_sample_file_has_every_setting_with_its_default() -> None:
    defaults = Settings()
    expected = {f.name: getattr(defaults, f.name) for f in fields(Settings) if f.name != "root"}
    given = sample_values()
    assert {k: type(expected[k])(v) if k in expected else v for k, v in given.items()} == expected


def test_the_sample_file_changes_nothing_as_it_comes(tmp_path: Path) -> None:
    environ = moc(tmp_path, SAMPLE.read_text(encoding="utf-8"))
    assert load_settings(environ) == load_settings({}, {"root": tmp_path / "ORCH"})


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0", "五", ""])
def test_a_lock_timeout_is_a_positive_number(seconds: str) -> None:
    with pytest.raises(ConfigError, match="lock_timeout_seconds"):
        load_settings({}, {"lock_timeout_seconds": seconds})
