"""Who leads: one process of a host by a file, one of several hosts by PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from orch_next.errors import BusyError
from orch_next.events import EventBus
from orch_next.storage.leader import (
    LEASE_SECONDS,
    AdvisoryLease,
    FileLease,
    Leader,
    LeadershipGained,
    make_lease,
)
from tests.patience import PATIENCE, until
from tests.postgresql import PostgreSQL, running_postgresql

HOLD = """
import sys
from pathlib import Path
from orch_next.storage.leader import FileLease
lease = FileLease(Path(sys.argv[1]))
print(lease.claim(), flush=True)
sys.stdin.read()
"""

HOLD_IN_DATABASE = """
import sys
from time import monotonic
from orch_next.storage.leader import AdvisoryLease
lease = AdvisoryLease(sys.argv[1], clock=monotonic)
print(lease.claim(), flush=True)
for _line in sys.stdin:
    print(lease.is_held(), flush=True)
"""

pytestmark = pytest.mark.kill


def test_one_of_two_leads_in_a_folder(tmp_path: Path) -> None:
    one, other = FileLease(tmp_path), FileLease(tmp_path)
    claims = [one.claim(), other.claim(), one.claim()]
    one.release()
    assert (claims, other.claim(), one.is_held()) == ([True, False, True], True, False)


def test_a_killed_leader_leaves_the_folder_to_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.readline().strip()
        lease = FileLease(tmp_path)
        before = lease.claim()
        process.kill()
        process.wait()
    assert (told, before, lease.claim()) == (b"True", False, True)


def test_a_folder_that_is_missing_has_no_leader(tmp_path: Path) -> None:
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


def test_gaining_is_published_once_and_a_store_that_is_away_changes_nothing() -> None:
    bus, gained, leads = EventBus(), list[LeadershipGained](), []
    bus.subscribe(LeadershipGained, gained.append)
    leader = Leader(Lease(False, True, None, True, False, True), bus)
    for _ in range(6):
        leader.claim()
        leads.append(leader.is_leader())
    assert (leads, len(gained)) == ([False, True, True, True, False, True], 2)


def test_a_leader_that_stops_gives_the_lease_back(tmp_path: Path) -> None:
    stopping, leader = threading.Event(), Leader(FileLease(tmp_path), EventBus())
    thread = threading.Thread(target=leader.run, args=(stopping,))
    thread.start()
    until(leader.is_leader)
    stopping.set()
    thread.join(PATIENCE)
    assert (leader.is_leader(), FileLease(tmp_path).claim()) == (False, True)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running_postgresql() as running:
        yield running


@pytest.fixture
def url(server: PostgreSQL, request: pytest.FixtureRequest) -> str:
    name = request.node.name[:60]
    server.ask(f"CREATE DATABASE {name}")
    return server.url_of(name)


def test_one_of_two_holds_the_databases_lock(url: str) -> None:
    one, other = AdvisoryLease(url, clock=monotonic), AdvisoryLease(url, clock=monotonic)
    claims = [one.claim(), other.claim(), one.claim()]
    one.release()
    held = [other.claim(), one.is_held(), other.is_held()]
    is_later = other.generation > one.generation > 0
    other.release()
    assert (claims, held, is_later) == ([True, False, True], [True, False, True], True)


def test_a_lost_connection_is_noticed_and_the_lock_taken_again(
    server: PostgreSQL, url: str
) -> None:
    lease = AdvisoryLease(url, clock=monotonic)
    lease.claim()
    first = lease.generation
    server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test%'")
    with pytest.raises(BusyError):
        lease.claim()
    found = [lease.is_held(), lease.claim(), lease.is_held(), lease.generation > first]
    lease.release()
    assert found == [False, True, True, True]


def test_a_paused_leader_knows_that_it_leads_no_more(url: str) -> None:
    at = [100.0]
    paused, other = AdvisoryLease(url, clock=lambda: at[0]), AdvisoryLease(url, clock=monotonic)
    paused.claim()
    at[0] += LEASE_SECONDS
    assert not paused.is_held()
    until(other.claim)  # the server ends the session that says nothing
    with pytest.raises(BusyError):
        paused.claim()
    assert (paused.claim(), paused.is_held(), other.claim()) == (False, False, True)
    paused.release()
    other.release()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="stopped processes are for Unix")
def test_a_stopped_process_leads_no_more_when_it_goes_on(url: str) -> None:
    command = [sys.executable, "-c", HOLD_IN_DATABASE, url]
    other = AdvisoryLease(url, clock=monotonic)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        held = process.stdout.readline().strip()
        process.send_signal(signal.SIGSTOP)
        until(other.claim)
        process.send_signal(signal.SIGCONT)
        process.stdin.write(b"\n")
        process.stdin.flush()
        after = process.stdout.readline().strip()
        process.stdin.close()
    assert (held, after, other.is_held()) == (b"True", b"False", True)
    other.release()


def test_the_database_decides_where_the_lease_is(tmp_path: Path) -> None:
    urls = (f"sqlite:///{tmp_path / 'orch.db'}", "postgresql+psycopg://orch@/moc")
    found = [type(make_lease(tmp_path, url, clock=monotonic)) for url in urls]
    assert found == [FileLease, AdvisoryLease]
