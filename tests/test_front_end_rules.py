"""The pages' rules, as `node --test` finds them: `tests/js/*.test.js`, no browser, no DOM."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.sample import REPOSITORY

TESTS = sorted((REPOSITORY / "tests" / "js").glob("*.test.js"))
# `node --test` runs plain files since this release.
OLDEST = 20


def find_node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.lstrip("v").split(".")[0]) < OLDEST:
        pytest.skip(f"node is older than {OLDEST}: {version.stdout.strip()}")
    return node


def test_the_rules_of_the_pages() -> None:
    command = [find_node(), "--test", "--test-reporter=tap", *map(str, TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    failed = [line for line in done.stdout.splitlines() if line.lstrip().startswith("not ok")]
    assert (failed, done.returncode) == ([], 0), done.stdout + done.stderr
