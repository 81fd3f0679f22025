from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orch_next.realtime.watcher import LOOK_SECONDS, Watcher
from tests.patience import PATIENCE, until


class Pokes:
    """Counts pokes; `wait` tells whether one came after the last `wait`."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> bool:
        found = self._event.wait(seconds)
        time.sleep(0.1)  # a save may be several events of the file system
        self._event.clear()
        return found


@pytest.fixture
def pokes(tmp_path: Path) -> Pokes:
    (tmp_path / "TASKS.md").write_text("# 台帳\n")
    return Pokes()


def touch_until(path: Path, pokes: Pokes) -> None:
    """Wait until the watch stands: until touching the file is noticed, and nothing more comes."""

    def is_noticed() -> bool:
        path.touch()
        return pokes.wait(0.2)

    until(is_noticed)
    while pokes.wait(LOOK_SECONDS * 1.5):
        pass


@pytest.fixture
def start(tmp_path: Path, pokes: Pokes) -> Iterator[Callable[[str], None]]:
    watcher = Watcher(tmp_path, ["TASKS.md"], pokes)
    threads: list[threading.Thread] = []

    def run(name: str) -> None:
        threads.append(threading.Thread(target=getattr(watcher, name), daemon=True))
        threads[-1].start()
        touch_until(tmp_path / "TASKS.md", pokes)

    yield run
    watcher.stop()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)


def rename_save(path: Path) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text("別の内容\n")
    temporary.replace(path)


def truncate_save(path: Path) -> None:
    path.write_text("短い\n")


def unseen_save(path: Path) -> None:
    before = path.stat()
    path.write_text("# 原簿\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


@pytest.mark.parametrize("save", [rename_save, truncate_save, unseen_save, Path.unlink])
@pytest.mark.parametrize("name", ["run_events", "run_looks"])
def test_a_save_is_noticed(
    tmp_path: Path,
    pokes: Pokes,
    start: Callable[[str], None],
    save: Callable[[Path], None],
    name: str,
) -> None:
    start(name)
    before = pokes.wait(LOOK_SECONDS * 1.5)
    save(tmp_path / "TASKS.md")
    assert (before, pokes.wait(PATIENCE)) == (False, True)


def test_other_files_are_not_our_business(
    tmp_path: Path, pokes: Pokes, start: Callable[[str], None]
) -> None:
    start("run_events")
    (tmp_path / ".TASKS.md.lock").write_text("")
    (tmp_path / "メモ.md").write_text("x")
    assert pokes.wait(0.5) is False


def test_a_folder_that_comes_back_is_watched_again(
    tmp_path: Path, pokes: Pokes, start: Callable[[str], None]
) -> None:
    state = tmp_path / "STATE"
    state.mkdir()
    watcher = Watcher(state, ["TASKS.md"], pokes)
    thread = threading.Thread(target=watcher.run_events, daemon=True)
    thread.start()
    (state / "TASKS.md").touch()
    touch_until(state / "TASKS.md", pokes)
    shutil.rmtree(state)
    time.sleep(1.2)  # longer than a watch that is lost stays unnoticed
    state.mkdir()
    until(lambda: (state / "TASKS.md").write_text("戻った") and pokes.wait(0.2))
    watcher.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def git(folder: Path, *words: str) -> None:
    command = ["git", "-C", str(folder), "-c", "user.name=監査", "-c", "user.email=a@example.com"]
    subprocess.run([*command, *words], check=True, capture_output=True)


def test_a_git_checkout_is_noticed(
    tmp_path: Path, pokes: Pokes, start: Callable[[str], None]
) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "TASKS.md")
    git(tmp_path, "commit", "-q", "-m", "一")
    (tmp_path / "TASKS.md").write_text("# 二\n")
    git(tmp_path, "commit", "-q", "-am", "二")
    start("run_events")
    git(tmp_path, "checkout", "-q", "HEAD~1")
    assert pokes.wait(PATIENCE)
