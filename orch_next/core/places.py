"""Where an attempt was begun: only who shares that place can know that its processes are gone."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from orch_next.core.database import metadata

# Beside `attempts`, whose rows of earlier versions have no place.
place_table = sa.Table(
    "attempt_places",
    metadata,
    sa.Column("task_id", sa.String(255), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("machine", sa.String(255), nullable=False),
    sa.Column("boot", sa.String(255), nullable=False),
    sa.Column("space", sa.String(255), nullable=False),
)
COLUMNS = ("host", "machine", "boot", "space")


@dataclass(frozen=True)
class Place:
    """A host: its name for people, its machine, this start of it, and a space of process ids.

    `space` is empty where process ids count for the whole machine, and names the container's
    otherwise; a machine without a name of its own is never taken for another one's.
    """

    host: str = ""
    machine: str = ""
    boot: str = ""
    space: str = ""

    def sees(self, other: Place) -> bool:
        """Tell whether processes of the other place can be looked for, and be killed, here."""
        same = (self.boot, self.space, self.machine) == (other.boot, other.space, other.machine)
        return same and bool(self.machine or self.boot)

    def outlived(self, other: Place) -> bool:
        """Tell whether the other place was this very machine before it was started anew."""
        whole = not (self.space or other.space) and self.host == other.host
        return whole and self.machine == other.machine != "" and self.boot != other.boot
