"""How the parts of one process hear of each other: who tells publishes, who hears subscribes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Event:
    """What happened once and has no number, such as a job that began: for all clients.

    `payload` is a JSON object.
    """

    name: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class LocalEvent:
    """What this process tells its own clients; every other process tells its own."""

    name: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class WebhookEvent:
    """What only the webhook out tells."""

    name: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Delivered:
    """A numbered event was handed to this process's clients; empty for a reset."""

    payload: Mapping[str, Any]


class EventBus:
    """Calls each subscriber of an event's class, in the order in which they subscribed.

    Subscribers are there before the first event: parts subscribe in their constructors. They
    are called in the thread of whoever publishes, and must not wait; what one raises passes.
    """

    def __init__(self) -> None:
        self._subscribers: dict[type[Any], list[Callable[[Any], object]]] = {}

    def subscribe(self, kind: type[T], hear: Callable[[T], object]) -> None:
        """Call `hear` with each event of this class from now on."""
        self._subscribers.setdefault(kind, []).append(hear)

    def publish(self, event: object) -> None:
        """Tell the subscribers of the event's own class."""
        for hear in self._subscribers.get(type(event), ()):
            hear(event)
