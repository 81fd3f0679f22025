"""Say where this process runs: machine, start of the machine, space of process ids."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from pathlib import Path

from orch_next.core.places import Place
from orch_next.regular import MOST_SMALL, read_regular

# The kernel gives the space of process ids that it begins with this number, on every machine.
_FIRST_SPACE = "pid:[4026531836]"


def find_place() -> Place:
    """Return the place of this process."""
    host = socket.gethostname()
    if sys.platform != "linux":
        return Place(host, machine=host)
    space = _read_space()
    # A container's machine id is its image's: many have the same one.
    machine = "" if space else _read("/etc/machine-id")
    return Place(host, machine, _read("/proc/sys/kernel/random/boot_id"), space)


def _read_space() -> str:
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return "" if space == _FIRST_SPACE else space


def _read(path: str) -> str:
    with suppress(OSError):
        return read_regular(Path(path), MOST_SMALL).decode("ascii", "replace").strip()[:255]
    return ""
