from __future__ import annotations

import pytest

from orch_next.realtime.proving import TOO_MANY, Gate, Patience

HERE, THERE = "192.0.2.1", "2001:db8::1"


class Clients:
    """Which sessions have connected, and the time."""

    def __init__(self) -> None:
        self.proven: set[str] = set()
        self.at = 0.0

    def gate(self, patience: Patience) -> Gate:
        return Gate(patience, lambda sid: sid in self.proven, clock=lambda: self.at)


@pytest.fixture
def clients() -> Clients:
    return Clients()


def test_an_address_has_so_many_unproven_sessions(clients: Clients) -> None:
    gate = clients.gate(Patience(per_address=2, in_all=3))
    assert [gate.admit(str(n), HERE) for n in range(3)] == ["", "", TOO_MANY]
    assert [gate.admit(str(n), THERE) for n in range(3, 5)] == ["", TOO_MANY]
    clients.proven = {"0", "1"}
    assert gate.admit("5", HERE) == ""


def test_who_does_not_connect_in_time_is_overdue(clients: Clients) -> None:
    gate = clients.gate(Patience(10.0))
    sessions = {"quick": HERE, "slow": HERE}
    assert [gate.admit(sid, HERE) for sid in sessions] == ["", ""]
    clients.proven.add("quick")
    clients.at = 9.9
    assert gate.overdue(sessions) == []
    clients.at = 10.0
    assert gate.overdue(sessions) == ["slow"]


def test_who_leaves_must_connect_again(clients: Clients) -> None:
    gate = clients.gate(Patience(10.0))
    clients.proven.add("a")
    assert gate.overdue({"a": HERE}) == []
    clients.proven.clear()
    gate.overdue({"a": HERE})
    clients.at = 10.0
    assert gate.overdue({"a": HERE}) == ["a"]


def test_sessions_that_are_gone_are_not_counted(clients: Clients) -> None:
    gate = clients.gate(Patience(per_address=10, in_all=10))
    for number in range(1_000):
        gate.admit(str(number), HERE)
    assert len(gate) == 10
    gate.overdue({})
    assert len(gate) == 0


def test_sockets_leave_threads_to_requests(clients: Clients) -> None:
    gate = clients.gate(Patience(per_address=20, in_all=200))
    gate.limit_threads(8)
    assert [gate.admit(str(n), HERE) for n in range(3)] == ["", "", TOO_MANY]
    holders = [gate.holding() for _ in range(8)]
    assert [one.__enter__() for one in holders] == [True] * 6 + [False] * 2
    holders[0].__exit__(None, None, None)
    with gate.holding() as fits:
        assert fits
