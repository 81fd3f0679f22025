"""One count and one record of everything that fails at the door, whichever way it came.

Secrets of 256 bits need no limit, passwords do: by address, and by name with delays that grow.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic

from orch_next.bounded import Bounded
from orch_next.security.windows import Windows

PER_MINUTE = 20
# The first tries of a name cost nothing; then 1, 2, 4, ... seconds, at most `LONGEST_DELAY`:
# fewer than 100 tries an hour and name, by however many addresses (ASVS 2.2.1).
FREE_TRIES = 5
LONGEST_DELAY = 40.0
FORGOTTEN_SECONDS = 3_600.0
MOST_NAMES = 10_000
# What strangers can put into the journal is bounded; what is beyond is only counted.
RECORDS_PER_MINUTE = 60

# Event, name, address: into the journal.
Record = Callable[[str, str, str], None]


def record_nothing(_event: str, _name: str, _address: str) -> None:
    """Keep no record: where there is no journal."""


@dataclass(frozen=True)
class _Count:
    number: int
    at: float


class Failures:
    """Counts failures by address and by name; `key` hides names that nobody has.

    An empty name is nobody's and counts by address alone.
    """

    def __init__(
        self,
        *,
        key: bytes = b"",
        record: Record = record_nothing,
        clock: Callable[[], float] = monotonic,
        per_minute: int = PER_MINUTE,
    ) -> None:
        self._key, self._record, self._clock = key, record, clock
        self._addresses = Windows(per_minute, clock=clock)
        self._records = Windows(RECORDS_PER_MINUTE, clock=clock)
        self._names: Bounded[str, _Count] = Bounded(MOST_NAMES)
        self._lock = threading.Lock()

    def wait(self, address: str, name: str) -> int:
        """Return in how many seconds this may be tried, 0 for now."""
        return max(self._addresses.wait(network(address)), self._delay(name))

    def note(self, event: str, address: str, name: str, shown: str = "") -> int:
        """Count and record a failure; return in how many seconds the next may be tried.

        `shown` is what the record names; without it, a hash of `name`: people type passwords
        where names belong.
        """
        if name:
            with self._lock:
                count = _Count(self._present(name) + 1, self._clock())
                self._names.put(name, count)
        self._addresses.admit(network(address))
        if not self._records.admit(event):
            self._record(event, shown or self.hidden(name), address)
        return self.wait(address, name)

    def succeed(self, name: str) -> None:
        """Forget the failures of a name."""
        self._names.pop(name)

    def hidden(self, name: str) -> str:
        """Return a name that tells nothing, the same for the same name."""
        digest = hmac.new(self._key, name.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"unknown-{digest.hexdigest()[:16]}"

    def __len__(self) -> int:
        """Return how many names are remembered."""
        return len(self._names)

    def _present(self, name: str) -> int:
        count = self._names.get(name)
        is_old = count is None or self._clock() - count.at >= FORGOTTEN_SECONDS
        return 0 if count is None or is_old else count.number

    def _delay(self, name: str) -> int:
        count, tries = self._names.get(name), self._present(name)
        if count is None or tries < FREE_TRIES:
            return 0
        delay = min(2.0 ** (tries - FREE_TRIES), LONGEST_DELAY)
        return max(0, ceil(count.at + delay - self._clock()))


def network(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))
