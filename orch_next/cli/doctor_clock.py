"""What `orch-next doctor` says of this host's clock."""

from __future__ import annotations

from collections.abc import Iterator

from orch_next.cli.control import open_control
from orch_next.cli.findings import Finding, ok, warn
from orch_next.config import Settings

# Seconds that nobody notices.
_FINE = 2.0


def check_clock(settings: Settings) -> Iterator[Finding]:
    """Compare this host's clock with the database's, where that has one of its own."""
    if settings.database.startswith("sqlite"):
        return
    offset = open_control(settings).leases.time.offset()
    if offset is not None:
        yield judge_offset(offset)


def judge_offset(offset: float) -> Finding:
    """Say what an offset in seconds means; ahead is positive."""
    if abs(offset) <= _FINE:
        return ok("clock", f"agrees with the database's to {abs(offset):.1f} s")
    word = "ahead of" if offset > 0 else "behind"
    return warn("clock", f"{abs(offset):.0f} s {word} the database's", "run NTP on every host")
