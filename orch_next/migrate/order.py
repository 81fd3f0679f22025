"""All steps of the three phases, in the order in which they are taken."""

from __future__ import annotations

from orch_next.migrate.step import Step
from orch_next.migrate.steps import (
    config,
    dashboard,
    data,
    dispatcher,
    knowledge,
    state,
    websocket,
)

PHASES = (1, 2, 3)


def all_steps() -> tuple[Step, ...]:
    """Return the steps by phase: foundation, core, advanced."""
    rooms = (config, state, data, dispatcher, dashboard, knowledge, websocket)
    return tuple(step for room in rooms for step in room.make_steps())
