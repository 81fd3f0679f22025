from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from orch_next.config import load_settings
from orch_next.errors import ConfigError
from orch_next.migrate.house import House
from orch_next.migrate.settings.known import KNOWN_KEYS
from orch_next.migrate.settings.rules import RULES, judge, known_keys
from orch_next.migrate.step import Work
from orch_next.migrate.steps.config import ConfigStep
from orch_next.security.agents_access import load_agents_access
from tests.moc_tree import build_moc
from tests.sample import CONTRACT
from tests.small_moc import NOW, apply, codes, contents, make_house, modes

SECRETS = ("hook-秘密-0123456789", "0123456789abcdef" * 2, "pässword", "/T0/B0/abc")
INTEGRATED = """\
{
  "dashboard": {"host": "127.0.0.1", "port": 5001},
  "monitoring": {"data_retention_days": 14, "拡張": {"通知先": "C:\\\\共有\\\\通知"}},
  "webhook_secret": "hook-秘密-0123456789",
  "log_level": "warn",
  "log_level": "debug",
  "security": "on",
  "limits": {"a": 1.50}
}
"""


def plan(house: House) -> Work:
    step = ConfigStep()
    assert list(step.check(house)) == []
    return step.plan(house)


def written(work: Work, name: str = "config/production.json") -> Any:
    return json.loads(contents(work.changes)[name])


def everything(work: Work) -> str:
    """Return all that a report could show."""
    return repr((work.findings, work.counts, work.notes))


def production(**more: Any) -> dict[str, Any]:
    return {"environment": "production", "dashboard": {"port": 5000, "debug": False}, **more}


def test_every_key_is_a_setting_or_said_to_be_obsolete_or_kept(tmp_path: Path) -> None:
    work = plan(make_house(tmp_path, {"ORCH/integrated_config.json": INTEGRATED}))
    assert written(work) == {
        "orch_next": {
            "host": "127.0.0.1",
            "port": 5001,
            "history_days": 14,
            "log_level": "debug",
        },
        "unknown": {
            "ORCH/integrated_config.json": {
                "monitoring": {"拡張": {"通知先": "C:\\共有\\通知"}},
                "security": "on",
                "limits": {"a": 1.5},
            }
        },
        "duplicates": [
            {"where": "ORCH/integrated_config.json:5", "key": "log_level", "value": "warn"}
        ],
    }
    assert (
        codes(work.findings)
        == [
            ("problem", "duplicate_key", "ORCH/integrated_config.json:5"),
            ("warning", "unknown_key", "ORCH/integrated_config.json:3"),
            ("problem", "wrong_type", "ORCH/integrated_config.json:7"),
            ("warning", "unknown_key", "ORCH/integrated_config.json:8"),
            ("warning", "open_secret", "ORCH/integrated_config.json"),
        ][: 5 if os.name == "posix" else 4]
    )


def test_the_mapping_table_has_a_row_per_key(tmp_path: Path) -> None:
    work = plan(make_house(tmp_path, {"config/production.json": production()}))
    assert [(row["key"], row["fate"], row["to"]) for row in work.notes["mapping"]] == [
        ("environment", "obsolete", "label"),
        ("dashboard.port", "setting", "port"),
        ("dashboard.debug", "obsolete", "always"),
    ]
    assert work.counts == {"keys_obsolete": 2, "keys_setting": 1, "files": 1}


def test_keys_of_the_integrated_file_are_recognised_by_name(tmp_path: Path) -> None:
    integrated = {
        "dashboard": {"log_level": "WARN", "orch_root": "C:\\MOC\\ORCH", "port": 5002},
        "socketio": {"cors_allowed_origins": ["*", "https://盤.example"]},
        "alert_config": {"severity_thresholds": {"cpu_usage": {"high": 85.5}}},
        "history_days": 9,
    }
    work = plan(make_house(tmp_path, {"ORCH/integrated_config.json": integrated}))
    assert work.notes["settings"] == {
        "log_level": "WARNING",
        "port": 5002,
        "cors_origins": ["https://盤.example"],
        "alert_cpu_percent": 86,
        "history_days": 9,
    }
    assert written(work)["obsolete"] == {
        "ORCH/integrated_config.json": {"dashboard": {"orch_root": "C:\\MOC\\ORCH"}}
    }


def test_integrated_wins_over_production_and_variables_over_both(tmp_path: Path) -> None:
    files = {
        "ORCH/integrated_config.json": {"dashboard": {"port": 5010, "host": "::1"}},
        "config/production.json": production(),
        "start.bat": "set ORCH_DASHBOARD_PORT=5020\r\n",
    }
    work = plan(make_house(tmp_path, files))
    assert work.notes["settings"] == {"port": 5020, "host": "::1"}
    assert [one.where for one in work.findings if one.code == "setting_conflict"] == [
        "ORCH/integrated_config.json:3",
        "config/production.json:4",
    ]


def test_secrets_go_to_a_private_file_and_nowhere_else(tmp_path: Path) -> None:
    house = make_house(
        tmp_path,
        {
            "ORCH/integrated_config.json": INTEGRATED,
            "config/secrets.json": {"hmac": {"secret": "0123456789abcdef" * 2}},
            "config/production.json": production(alerts={"email": {"password": "pässword"}}),
            "config/alert_config.json": {
                "notification_channels": {
                    "slack": {"webhook_url": "https://hooks.slack.com/services/T0/B0/abc"}
                }
            },
        },
    )
    work = plan(house)
    assert written(work, "config/secrets.json") == {
        "hmac": {"secret": "0123456789abcdef" * 2},
        "webhook_secret": "hook-秘密-0123456789",
        "kept": {
            "config/production.json": {"alerts.email.password": "pässword"},
            "config/alert_config.json": {
                "notification_channels.slack.webhook_url": (
                    "https://hooks.slack.com/services/T0/B0/abc"
                )
            },
        },
    }
    told = everything(work) + contents(work.changes)["config/production.json"].decode()
    assert [secret for secret in SECRETS if secret in told] == []
    assert modes(work.changes)["config/secrets.json"] == 0o600


def test_the_program_reads_what_was_written(tmp_path: Path) -> None:
    house = make_house(
        tmp_path,
        {
            "ORCH/integrated_config.json": INTEGRATED,
            "config/agents_api.json": {"auth": {"required": True, "jwt_audience": "盤"}},
            "config/secrets.json": {"jwt_secret": "k" * 32},
        },
    )
    work = plan(house)
    apply(house, work.changes)
    settings = load_settings({"ORCH_ROOT": str(house.target / "ORCH")})
    access = load_agents_access(house.target)
    assert (settings.port, settings.log_level, settings.webhook_secret) == (
        *(5001, "debug"),
        "hook-秘密-0123456789",
    )
    assert (access.required, access.audience, access.jwt_secret) == (True, "盤", "k" * 32)
    assert list(ConfigStep().verify(house, work)) == []


@pytest.mark.parametrize("same", [False, True])
def test_a_second_run_changes_nothing(tmp_path: Path, same: bool) -> None:
    files = {
        "config/production.json": production(メモ="日本"),
        "config/monitoring.json": {"data_retention_days": 7, "email": {"password": "pässword"}},
        "ORCH/integrated_config.json": INTEGRATED,
    }
    house = make_house(tmp_path, files, same=same)
    first = plan(house)
    apply(house, first.changes)
    second = plan(house)
    again = contents(second.changes)
    assert {name: (house.target / name).read_bytes() for name in again} == again
    assert written(second) == written(first)


def test_what_was_edited_in_the_target_wins(tmp_path: Path) -> None:
    house = make_house(tmp_path, {"config/production.json": production()})
    apply(house, plan(house).changes)
    path = house.target / "config" / "production.json"
    path.write_text(path.read_text(encoding="utf-8").replace("5000", "5099"), encoding="utf-8")
    work = plan(house)
    assert (written(work)["orch_next"], codes(work.findings)) == (
        {"port": 5099},
        [("info", "target_kept", "config/production.json")],
    )


def test_unsafe_settings_are_changed_and_said(tmp_path: Path) -> None:
    code = (
        "# coding: cp932\nclass OrchDashboardConfig:\n    host: str = '0.0.0.0'\n"
        "    debug: bool = True\napp.secret_key = 'orch_dashboard_secret_key_2025'\n"
        "socketio = SocketIO(app, cors_allowed_origins='*')  # 日本\n"
    )
    files: dict[str, Any] = {
        "orch_dashboard.py": code.encode("cp932"),
        "config/secrets.json": {"jwt_secret": "CHANGE_ME_DEV_ONLY"},
        "config/production.json": {
            "security": {"cors": {"allowed_origins": ["*", "https://board.example"]}}
        },
    }
    work = plan(make_house(tmp_path, files))
    assert work.notes["settings"] == {
        "cors_origins": ["https://board.example"],
        "host": "0.0.0.0",
        "auth": "token",
    }
    assert [one for one in codes(work.findings) if one[1] != "open_secret"] == [
        ("problem", "unsafe_secret", "config/secrets.json:2"),
        ("problem", "unsafe_cors", "config/production.json:4"),
        ("problem", "unsafe_debug", "orch_dashboard.py:4"),
        ("problem", "unsafe_secret_key", "orch_dashboard.py:5"),
        ("problem", "unsafe_cors", "orch_dashboard.py:6"),
        ("problem", "unsafe_auth", "orch_dashboard.py:3 host"),
    ]
    assert "config/secrets.json" not in contents(work.changes)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.0.1"])
def test_loopback_needs_no_tokens(tmp_path: Path, host: str) -> None:
    work = plan(make_house(tmp_path, {"config/production.json": {"dashboard": {"host": host}}}))
    assert work.notes["settings"] == {"host": host}


@pytest.mark.parametrize(
    ("value", "code"),
    [("many", "wrong_type"), (70000, "wrong_type"), (True, "wrong_type"), ({}, "wrong_type")],
)
def test_a_useless_value_is_told_and_kept(tmp_path: Path, value: object, code: str) -> None:
    work = plan(make_house(tmp_path, {"config/production.json": {"dashboard": {"port": value}}}))
    assert codes(work.findings) == [("problem", code, "config/production.json:3")]
    assert written(work)["unknown"] == {"config/production.json": {"dashboard": {"port": value}}}


@pytest.mark.parametrize("text", ['{"a": 1,\n "b": }', "[1]", '{"a": "', "\x00\x01", "{" * 100_000])
def test_bad_json_is_kept_as_it_is(tmp_path: Path, text: str) -> None:
    work = plan(make_house(tmp_path, {"config/production.json": text}))
    assert contents(work.changes)["config/legacy/config/production.json"] == text.encode()
    assert [one.code for one in work.findings] == ["bad_json"]


def test_bad_json_of_the_legacy_does_not_stop_the_program(tmp_path: Path) -> None:
    house = make_house(tmp_path, {"config/production.json": "{oops"}, same=True)
    work = plan(house)
    apply(house, work.changes)
    assert list(ConfigStep().verify(house, work)) == []
    assert (house.target / "config/legacy/config/production.json").read_text("utf-8") == "{oops"


@pytest.mark.parametrize("name", ["config/production.json", "config/secrets.json"])
def test_a_damaged_file_of_the_target_blocks(tmp_path: Path, name: str) -> None:
    house = make_house(tmp_path, {"config/monitoring.json": {}})
    (house.target / "config").mkdir()
    (house.target / name).write_text('{"orch_next": {', encoding="utf-8")
    assert codes(ConfigStep().check(house)) == [("blocker", "bad_target_json", "config/")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp932"])
def test_any_encoding_of_windows_is_read(tmp_path: Path, encoding: str) -> None:
    data = '{"メモ": "日本語", "dashboard": {"port": 5005}}'.encode(encoding)
    work = plan(make_house(tmp_path, {"config/production.json": data}))
    assert written(work)["unknown"] == {"config/production.json": {"メモ": "日本語"}}


def test_files_that_the_program_reads_stay_and_become_utf8(tmp_path: Path) -> None:
    text = '{"ai_prediction": {"retrain_interval_hours": 6}, "メモ": "日"}'
    files: dict[str, Any] = {
        "config/monitoring.json": text.encode("utf-16"),
        "config/jwt_secret.key": "鍵",
        "config/own/設定.yaml": "a: 1\n",
        "config/cores.toml": "",
    }
    work = plan(make_house(tmp_path, files))
    found = contents(work.changes)
    assert {name: found[name] for name in sorted(found) if "production" not in name} == {
        "config/jwt_secret.key": "鍵".encode(),
        "config/monitoring.json": text.encode(),
        "config/own/設定.yaml": b"a: 1\n",
    }
    assert modes(work.changes)["config/jwt_secret.key"] == 0o600


def test_old_files_with_secrets_are_closed_in_place(tmp_path: Path) -> None:
    files = {
        "config/alert_config.json": {"notification_channels": {"email": {"password": "pässword"}}},
        ".env": "SMTP_PASSWORD=pässword\n",
        "start.sh": "export ORCH_WEBHOOK_SECRET=0123456789abcdef\n",
    }
    house = make_house(tmp_path, files, same=True)
    work = plan(house)
    assert modes(work.changes) == {
        "config/production.json": None,
        "config/secrets.json": 0o600,
        ".env": 0o600,
        "config/alert_config.json": 0o600,
    }
    assert written(work, "config/secrets.json")["webhook_secret"] == "0123456789abcdef"


def test_a_short_secret_is_told_without_showing_it(tmp_path: Path) -> None:
    work = plan(make_house(tmp_path, {"config/production.json": {"webhook_secret": "kurz"}}))
    told = [one for one in codes(work.findings) if one[1] == "weak_secret"]
    assert told == [("problem", "weak_secret", "config/secrets.json webhook_secret")]
    assert "kurz" not in everything(work)


def test_nothing_to_move_writes_nothing(tmp_path: Path) -> None:
    assert plan(make_house(tmp_path, {})) == Work(
        counts={"files": 0}, notes={"settings": {}, "mapping": []}
    )


def test_toml_wins_over_the_migrated_settings(tmp_path: Path) -> None:
    house = make_house(tmp_path, {"config/production.json": production()})
    (house.target / "config").mkdir()
    (house.target / "config" / "orch_next.toml").write_text("port = 6001\n", encoding="utf-8")
    work = plan(house)
    apply(house, work.changes)
    settings = load_settings({"ORCH_ROOT": str(house.target / "ORCH")})
    assert (settings.port, codes(work.findings)) == (
        6001,
        [("info", "toml_wins", "config/orch_next.toml")],
    )


def test_a_named_json_must_be_ours(tmp_path: Path) -> None:
    path = tmp_path / "production.json"
    path.write_text('{"dashboard": {"port": 5000}}', encoding="utf-8")
    with pytest.raises(ConfigError, match="orch_next must be an object"):
        load_settings({"ORCH_CONFIG": str(path)})
    path.write_text('{"orch_next": {"port": 5123}}', encoding="utf-8")
    assert load_settings({"ORCH_CONFIG": str(path)}).port == 5123


def test_a_production_file_of_the_legacy_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "production.json").write_text(json.dumps(production()), encoding="utf-8")
    assert load_settings({"ORCH_ROOT": str(tmp_path / "ORCH")}).port == 5001


def test_settings_that_the_program_refuses_are_told(tmp_path: Path) -> None:
    house = make_house(tmp_path, {"config/production.json": production()})
    apply(house, plan(house).changes)
    path = house.target / "config" / "secrets.json"
    path.write_text('{"webhook_secret": 123456}', encoding="utf-8")
    path.chmod(0o600)
    found = list(ConfigStep().verify(house, Work()))
    assert codes(found) == [("problem", "settings_refused", "config/")]
    assert "123456" not in repr(found)


def test_every_rule_is_about_a_known_key() -> None:
    strange = [
        (file, key) for file, rules in RULES.items() for key in rules if key not in known_keys(file)
    ]
    assert strange == []


def test_every_known_key_is_judged() -> None:
    fates = {judge(file, key).fate for file, keys in KNOWN_KEYS.items() for key in keys}
    assert fates == {"setting", "obsolete", "unsafe"}


def test_the_known_keys_are_the_contracts() -> None:
    config = json.loads(CONTRACT.read_text(encoding="utf-8"))["config"]
    contract = {
        name: set(facts["keys"])
        for name, facts in config.items()
        if name.endswith(".json") and "keys" in facts and "secrets" not in name
    }
    assert {name: set(KNOWN_KEYS[name]) for name in contract} == contract


def test_a_whole_tree_is_stable_in_place(tmp_path: Path) -> None:
    root = build_moc(tmp_path).resolve()
    house = House(root, root, NOW)
    first = plan(house)
    apply(house, first.changes)
    assert (
        contents(plan(house).changes)["config/production.json"]
        == (contents(first.changes)["config/production.json"])
    )
