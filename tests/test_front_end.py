"""Texts, third-party files and the style of scripts: complete, in sync, nothing unsafe."""

from __future__ import annotations

import io
import json
import re
import runpy
import shutil
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest

from tests.sample import REPOSITORY

TRANSLATIONS = runpy.run_path(str(REPOSITORY / "scripts" / "translations.py"))
VENDOR = runpy.run_path(str(REPOSITORY / "scripts" / "vendor.py"))
SCRIPTS = sorted(
    path for path in (REPOSITORY / "static" / "js").rglob("*.js") if path.name != "messages.ja.js"
)
TEMPLATES = sorted((REPOSITORY / "templates").rglob("*.html"))
LONGEST_SCRIPT = 300
# What would run data as code, or what the security policy forbids.
UNSAFE = re.compile(
    r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|setAttribute\(\s*[\"'](?:style|on)|javascript:"
)
# What would leave a whole script unchecked.
UNCHECKED = re.compile(r"@ts-nocheck|@ts-ignore(?! \S)")
TRUSTING = re.compile(r"\|\s*safe\b|autoescape\s+false|<style|\sstyle=|\son\w+=")


def shown(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def test_every_text_has_japanese_and_what_is_compiled_is_the_catalogues() -> None:
    assert TRANSLATIONS["check"]() == []


def test_a_compiled_catalogue_tells_nothing_of_the_tool_and_the_day() -> None:
    compiled = GNUTranslations(io.BytesIO(TRANSLATIONS["render_mo"]({("", "Due"): "期限"})))
    assert compiled.gettext("Due") == "期限"
    assert compiled.info() == {name.lower(): text for name, text in TRANSLATIONS["HEADERS"]}


def test_placeholders_survive_translation() -> None:
    names = re.compile(r"\{\w+\}|%\(\w+\)s")
    wrong = [
        (text, told)
        for (context, text), told in TRANSLATIONS["read_texts"]().items()
        if not context and set(names.findall(text)) != set(names.findall(told))
    ]
    assert wrong == []


def test_marked_texts_are_found(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    script.write_text('x(t("未 {n}", { n: 1 }), t("b"));', encoding="utf-8")
    page = tmp_path / "a.html"
    page.write_text('<p title="{{ _("c") }}">{{ _("d %(x)s", x=1) }}</p>', encoding="utf-8")
    texts_in = TRANSLATIONS["texts_in"]
    assert list(texts_in(script, "javascript", ("t",))) == ["未 {n}", "b"]
    assert list(texts_in(page, "jinja2.ext:babel_extract", ("_",))) == ["c", "d %(x)s"]


def test_another_ones_words_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    texts = {("", "Due"): "期限"}
    TRANSLATIONS["take"](texts, {("", "Due"): "締切", ("", "Lock"): "ロック"}, replace=False)
    assert texts == {("", "Due"): "期限", ("", "Lock"): "ロック"}
    assert "締切" in capsys.readouterr().out


def faults_of(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    faults = [f"unsafe: {line.strip()}" for line in lines if UNSAFE.search(line)]
    if len(lines) > LONGEST_SCRIPT:
        faults.append(f"{len(lines)} lines")
    if UNCHECKED.search("\n".join(lines)):
        faults.append("takes itself out of tsc --checkJs")
    return faults


def test_scripts_are_short_checked_and_safe() -> None:
    assert {shown(path): faults for path in SCRIPTS if (faults := faults_of(path))} == {}


def test_every_script_is_checked_by_tsc() -> None:
    settings = json.loads((REPOSITORY / "jsconfig.json").read_text("utf-8"))
    options = settings["compilerOptions"]
    assert (settings["include"], options["checkJs"], options["strict"]) == (
        ["static/js"],
        True,
        True,
    )


def test_a_faulty_script_is_listed(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    script.write_text("// @ts-nocheck\n" + "e.outerHTML = 台帳;\n" + "\n" * 300, encoding="utf-8")
    assert faults_of(script) == [
        "unsafe: e.outerHTML = 台帳;",
        "302 lines",
        "takes itself out of tsc --checkJs",
    ]


def test_unsafe_script_is_noticed() -> None:
    lines = [
        "e.innerHTML = cell",
        'e.setAttribute("onclick", x)',
        "eval(cell)",
        "e.textContent = c",
    ]
    assert [bool(UNSAFE.search(line)) for line in lines] == [True, True, True, False]


def test_templates_trust_nothing() -> None:
    found = {shown(path): TRUSTING.findall(path.read_text("utf-8")) for path in TEMPLATES}
    assert {name: trusting for name, trusting in found.items() if trusting} == {}


def test_dark_is_dark_in_both_ways() -> None:
    sheet = (REPOSITORY / "static" / "css" / "tokens.css").read_text("utf-8")
    by_system, by_choice = re.findall(r"\{\s*(color-scheme: dark;.*?)\}", sheet, re.DOTALL)
    assert by_system.split() == by_choice.split()


def test_the_lock_names_the_versions_that_npm_installs() -> None:
    wanted = json.loads((REPOSITORY / "package.json").read_text("utf-8"))["dependencies"]
    lock = json.loads((REPOSITORY / "static" / "vendor.json").read_text("utf-8"))
    found = {
        tuple(re.findall(r"/npm/(.+)@([\d.]+)/", file["cdn"])[0])
        for entry in lock.values()
        for file in entry["files"]
    }
    assert found == set(wanted.items())


def test_no_registry_is_recorded() -> None:
    assert "resolved" not in (REPOSITORY / "package-lock.json").read_text("utf-8")


def test_without_npm_it_says_so_and_goes_on(tmp_path: Path) -> None:
    copy = tmp_path / "scripts"
    copy.mkdir()
    shutil.copy(REPOSITORY / "scripts" / "vendor.py", copy)
    (tmp_path / "static").mkdir()
    shutil.copy(REPOSITORY / "static" / "vendor.json", tmp_path / "static")
    done = subprocess.run(
        [sys.executable, str(copy / "vendor.py")], env={"PATH": ""}, capture_output=True, text=True
    )
    assert (done.returncode, "CDN" in done.stdout) == (0, True)


def test_a_file_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    lock = {
        "x": {
            "global": "X",
            "files": [
                {"name": "x.js", "path": "x/x.js", "integrity": VENDOR["integrity"](b"good")}
            ],
        }
    }
    for folder in ("scripts", "static", "node_modules/x"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(REPOSITORY / "scripts" / "vendor.py", tmp_path / "scripts")
    (tmp_path / "static" / "vendor.json").write_text(json.dumps(lock), encoding="utf-8")
    copied = runpy.run_path(str(tmp_path / "scripts" / "vendor.py"))
    module = tmp_path / "node_modules" / "x" / "x.js"
    module.write_bytes(b"evil")
    assert copied["copy_files"]().startswith("refused: x/x.js")
    module.write_bytes(b"good")
    assert (copied["copy_files"](), copied["is_present"]()) == ("", True)
