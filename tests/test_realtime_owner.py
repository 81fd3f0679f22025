from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orch_next.errors import BusyError
from orch_next.realtime.owner import FileLease, Owner

HOLD = """
import sys
from pathlib import Path
from orch_next.realtime.owner import FileLease
lease = FileLease(Path(sys.argv[1]))
print(lease.claim(), flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.kill


def test_one_of_two_owns_a_folder(tmp_path: Path) -> None:
    one, other = FileLease(tmp_path), FileLease(tmp_path)
    claims = [one.claim(), other.claim(), one.claim()]
    one.release()
    assert (claims, other.claim(), one.is_held()) == ([True, False, True], True, False)


def test_a_killed_owner_leaves_the_folder_to_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.readline().strip()
        lease = FileLease(tmp_path)
        before = lease.claim()
        process.kill()
        process.wait()
    assert (told, before, lease.claim()) == (b"True", False, True)


def test_a_folder_that_is_missing_has_no_owner(tmp_path: Path) -> None:
    state = tmp_path / "なし" / "STATE"
    assert (FileLease(state).claim(), state.exists()) == (False, False)


class Lease:
    """A lease whose store answers as the test says: True, False, or away."""

    def __init__(self, *answers: bool | None) -> None:
        self.answers = list(answers)
        self.held = False

    def claim(self) -> bool:
        answer = self.answers.pop(0)
        if answer is None:
            raise BusyError("away")
        self.held = answer
        return answer

    def is_held(self) -> bool:
        return self.held

    def release(self) -> None:
        self.held = False


def test_gaining_is_told_once_and_a_store_that_is_away_changes_nothing() -> None:
    gained: list[bool] = []
    owner = Owner(Lease(False, True, None, True, False, True), gained=lambda: gained.append(True))
    mine = []
    for _ in range(6):
        owner.claim()
        mine.append(owner.is_mine())
    assert (mine, len(gained)) == ([False, True, True, True, False, True], 2)
