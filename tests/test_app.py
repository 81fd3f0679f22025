"""The factory: two apps in one process, nothing started, settings checked."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

import orch_next
from orch_next import create_app
from orch_next.app import CompiledTemplates, shipped_folder
from orch_next.config import Settings
from orch_next.errors import ConfigError
from orch_next.serving.starting import spare_the_start


def test_two_apps_in_one_process_know_nothing_of_each_other(
    orch_root: Path, tmp_path: Path
) -> None:
    first = create_app({"root": orch_root})
    second = create_app({"root": tmp_path / "other" / "ORCH"})
    counts = [app.test_client().get("/api/tasks").get_json()["count"] for app in (first, second)]
    assert counts == [3, 0]


class Environments:
    """Environments that share what they compile, and say what that was."""

    def __init__(self) -> None:
        self.templates, self.compiled = CompiledTemplates(), list[str]()

    def render(self, folder: Path, text: str) -> str:
        (folder / "頁.html").write_text(text, "utf-8")
        environment = Compiling(loader=FileSystemLoader(folder), bytecode_cache=self.templates)
        environment.compiled = self.compiled
        return environment.get_template("頁.html").render(n=2)


class Compiling(Environment):
    """An environment that notes what it compiles."""

    compiled: list[str]

    def compile(self, source: Any, *names: Any, **options: Any) -> Any:
        self.compiled.append(source)
        return super().compile(source, *names, **options)


def test_a_template_is_compiled_once_and_again_when_it_changes(tmp_path: Path) -> None:
    (tmp_path / "別").mkdir()
    shared = Environments()
    texts = ["{{ n }}件", "{{ n }}件", "{{ n }}個", "{{ n }}個"]
    told = [shared.render(tmp_path, text) for text in texts]
    other = shared.render(tmp_path / "別", "{{ n }}枚")
    assert (told, other) == (["2件", "2件", "2個", "2個"], "2枚")
    assert shared.compiled == ["{{ n }}件", "{{ n }}個", "{{ n }}枚"]


def test_building_an_app_starts_no_thread(orch_root: Path) -> None:
    before = threading.enumerate()
    create_app({"root": orch_root})
    assert threading.enumerate() == before


def test_settings_can_be_given_whole(orch_root: Path) -> None:
    settings = Settings(root=orch_root, max_body_bytes=77)
    app = create_app(settings)
    assert app.extensions["orch_next"].settings is settings
    assert app.config["MAX_CONTENT_LENGTH"] == 77


def test_an_unknown_setting_is_refused(orch_root: Path) -> None:
    with pytest.raises(ConfigError, match="colour"):
        create_app({"root": orch_root, "colour": "red"})


def test_templates_and_static_files_come_along() -> None:
    assert (shipped_folder("templates") / "base.html").exists()
    assert (shipped_folder("static") / "css" / "shell.css").exists()


def test_the_package_offers_its_version_and_nothing_unknown() -> None:
    assert orch_next.__version__ == "0.1.0"
    with pytest.raises(AttributeError, match="nothing"):
        _ = orch_next.nothing


def test_the_collector_passes_over_what_was_made_at_the_start() -> None:
    before = gc.get_freeze_count()
    try:
        spare_the_start()
        assert gc.get_freeze_count() > before + 1_000
    finally:
        gc.unfreeze()
