"""The bus: who subscribed hears, in order, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from orch_next.events import Event, EventBus


@dataclass(frozen=True)
class Moved:
    path: str


def test_subscribers_hear_their_class_in_order() -> None:
    bus, heard = EventBus(), list[object]()
    bus.subscribe(Event, lambda event: heard.append(("一", event.name)))
    bus.subscribe(Moved, lambda moved: heard.append(moved.path))
    bus.subscribe(Event, lambda event: heard.append(("二", event.name)))
    bus.publish(Event("job_started", {"job_id": "001"}))
    bus.publish(Moved(r"C:\証跡\報告.md"))
    assert heard == [("一", "job_started"), ("二", "job_started"), r"C:\証跡\報告.md"]


def test_what_nobody_wants_to_hear_is_no_error() -> None:
    bus, heard = EventBus(), list[object]()
    bus.subscribe(Event, heard.append)
    bus.publish(Moved("報告.md"))
    assert heard == []


def test_two_buses_do_not_hear_each_other() -> None:
    one, other, heard = EventBus(), EventBus(), list[object]()
    other.subscribe(Event, heard.append)
    one.publish(Event("job_started", {}))
    assert heard == []


def test_what_a_subscriber_raises_reaches_the_publisher() -> None:
    bus = EventBus()

    def refuse(_event: Event) -> None:
        raise ValueError("聞けません")

    bus.subscribe(Event, refuse)
    with pytest.raises(ValueError, match="聞けません"):
        bus.publish(Event("job_started", {}))
