from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orch_next.dispatcher.cores import Core, Cores, load_cores, role_of
from orch_next.errors import ConfigError, InputError

SAMPLE = """
allow_commands_without_token = true
[cores.WORK_AI_01]
[cores."AUDIT.x"]
role = "AUDIT"
limit = 2
[cores.WORK_SCRIPT_01]
mode = "command"
command = ["python", "作業.py", "--", "$(rm -rf /)"]
cwd = "tools"
timeout_seconds = 5
stay = false
orch_integration = false
interval_seconds = 30
output_limit_bytes = 100
pass_environment = ["SSH_AUTH_SOCK"]
environment = { PYTHONUTF8 = "1" }
"""


def load(folder: Path, text: str) -> Any:
    path = folder / "cores.toml"
    path.write_text(text, encoding="utf-8")
    return load_cores(path, base=folder)


def test_every_key_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, SAMPLE) == Cores(
        {
            "WORK_AI_01": Core("WORK_AI_01", "WORK", cwd=tmp_path),
            "AUDIT.x": Core("AUDIT.x", "AUDIT", limit=2, cwd=tmp_path),
            "WORK_SCRIPT_01": Core(
                "WORK_SCRIPT_01",
                "WORK",
                "command",
                command=("python", "作業.py", "--", "$(rm -rf /)"),
                cwd=tmp_path / "tools",
                timeout_seconds=5,
                stay=False,
                orch_integration=False,
                interval_seconds=30,
                output_limit_bytes=100,
                environment={"PYTHONUTF8": "1"},
                pass_environment=("SSH_AUTH_SOCK",),
            ),
        },
        allow_commands_without_token=True,
    )


def test_no_file_names_no_core_and_any_id_may_pull(tmp_path: Path) -> None:
    cores = load_cores(tmp_path / "cores.toml", base=tmp_path)
    assert cores == Cores()
    assert cores.get("WORK_AI_07") == Core("WORK_AI_07", "WORK")


def test_the_committed_sample_is_valid() -> None:
    root = Path(__file__).parents[1]
    cores = load_cores(root / "config" / "cores.toml", base=root)
    assert [(one.id, one.mode) for one in cores.known.values()] == [
        ("WORK_AI_01", "pull"),
        ("WORK_SCRIPT_01", "command"),
    ]
    assert cores.allow_commands_without_token is False
    assert (root / cores.get("WORK_SCRIPT_01").command[1]).exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("core = 1", "unknown key: core"),
        ("[cores.A]\ninterval_seconds = 86401", "cores.A.interval_seconds must be at most 86400"),
        ("[cores.A]\nstay = 1", "cores.A.stay must be true or false"),
        ("cores = 1", "cores must be tables such as [cores.WORK_AI_01]"),
        ("[cores]\nWORK = 1", "cores.WORK must be a table"),
        ('[cores."a b"]', "cores.a b: an id holds 1 to 64 of A-Z a-z 0-9 _ . -"),
        ("[cores.W]\nlimits = 1", "unknown key: cores.W.limits"),
        ("[cores.W]\nlimit = 0", "cores.W.limit must be a whole number above 0"),
        ("[cores.W]\nlimit = true", "cores.W.limit must be a whole number above 0"),
        ('[cores.W]\nmode = "push"', "cores.W.mode must be one of pull, command"),
        ('[cores.W]\nmode = "command"', 'cores.W: mode = "command" and command = [...] go'),
        ('[cores.W]\ncommand = ["x"]', 'cores.W: mode = "command" and command = [...] go'),
        ('[cores.W]\ncommand = "rm -rf /"', "cores.W.command must be a list of texts"),
        ('[cores.W]\ncommand = ["a", 1]', "cores.W.command must be text that is not empty"),
        ("[cores.W]\nenvironment = 1", "cores.W.environment must be a table of texts"),
        ('allow_commands_without_token = "yes"', "allow_commands_without_token must be true"),
        ("[cores.W", "Expected"),
    ],
)
def test_a_bad_file_is_refused_with_its_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)


@pytest.mark.parametrize("core_id", ["", "a b", "x" * 65, "核", "a;b", "WORK\n", "'; rm -rf /"])
def test_ids_outside_d35_are_refused(core_id: str) -> None:
    with pytest.raises(InputError):
        Cores().get(core_id)


def test_the_role_is_the_part_before_the_first_underscore() -> None:
    assert [role_of(core) for core in ("WORK_AI_01", "CMD", "_x")] == ["WORK", "CMD", ""]
