"""What greets contributors is whole: the workflow, the forms, the hooks and the editor's rules."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sample import REPOSITORY

GITHUB = REPOSITORY / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
CLASSIFIER = "Programming Language :: Python :: 3."


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs() -> dict[str, Any]:
    found: dict[str, Any] = load(GITHUB / "workflows" / "tests.yml")["jobs"]
    return found


def pythons() -> list[str]:
    """Return the versions of Python that setup.cfg tells, the oldest first."""
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    lines = setup["metadata"]["classifiers"].split("\n")
    return [f"3.{line.removeprefix(CLASSIFIER)}" for line in lines if line.startswith(CLASSIFIER)]


def test_a_push_runs_the_script_on_every_system_with_the_oldest_and_the_newest_python() -> None:
    job = jobs()["locked"]
    matrix = job["strategy"]["matrix"]
    assert matrix["python"] == [pythons()[0], pythons()[-1]]
    assert [name.split("-")[0] for name in matrix["system"]] == ["ubuntu", "macos", "windows"]
    assert job["steps"][-1] == {"name": "Everything", "shell": "bash", "run": ".ci/run"}


def test_the_newest_packages_are_tried_weekly() -> None:
    workflow = load(GITHUB / "workflows" / "tests.yml")
    events = workflow[True]  # YAML's own reading of `on`
    assert set(events) == {"push", "pull_request", "workflow_dispatch", "schedule"}
    assert [len(entry["cron"].split()) for entry in events["schedule"]] == [5]
    assert jobs()["newest"]["steps"][-1]["run"] == ".ci/run newest"
    assert "    newest) make newest ;;" in (REPOSITORY / ".ci" / "run").read_text("utf-8")


def test_nothing_in_the_workflow_can_change_under_us_or_run_for_ever() -> None:
    used = [step["uses"] for job in jobs().values() for step in job["steps"] if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name)] == []
    systems = [*jobs()["locked"]["strategy"]["matrix"]["system"], jobs()["newest"]["runs-on"]]
    assert [name for name in systems if name.endswith("latest")] == []
    assert {job["timeout-minutes"] for job in jobs().values()} == {60}
    assert load(GITHUB / "workflows" / "tests.yml")["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_something_and_each_field_once(path: Path) -> None:
    form = load(path)
    fields = [one for one in form["body"] if one["type"] != "markdown"]
    assert form["name"] and form["description"]
    assert len({one["id"] for one in fields}) == len(fields)
    assert any(one.get("validations", {}).get("required") for one in fields)
    assert all(one["attributes"]["label"] for one in fields)


def test_every_hook_runs_a_tool_of_the_lock() -> None:
    repositories = load(REPOSITORY / ".pre-commit-config.yaml")["repos"]
    assert [one["repo"] for one in repositories] == ["local"]
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    entries = [hook["entry"].split() for one in repositories for hook in one["hooks"]]
    assert {words[0] for words in entries} == {"python"}
    tools = {words[2] for words in entries if words[1] == "-m"}
    assert [tool for tool in tools if f"\n{tool}==" not in lock] == []
    scripts = [words[1] for words in entries if words[1] != "-m"]
    assert [name for name in scripts if not (REPOSITORY / name).is_file()] == []


def test_editors_leave_the_samples_as_they_are() -> None:
    rules = configparser.ConfigParser()
    text = (REPOSITORY / ".editorconfig").read_text(encoding="utf-8")
    rules.read_string(f"[top]\n{text}")
    assert rules["top"]["root"] == "true"
    assert rules["*"]["max_line_length"] == "100"
    assert set(rules["{tests/data/**,ORCH/STATE/*.md}"].values()) == {"unset"}


def test_weaknesses_are_reported_in_private() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in text and "## Supported versions" in text
    assert "@" not in text and "://" not in text
