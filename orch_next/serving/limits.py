"""What one server process may use: file descriptors, and a client's time for its request."""

from __future__ import annotations

import errno
import sys
from contextlib import suppress

IDLE_SECONDS = 60.0  # between two pieces of a request; streams and sockets have their own pings
FULL_PAUSE_SECONDS = 0.2
THREAD_PAUSE_SECONDS = 1.0  # of a thread that finds none; each says so each time
# Accepting may fail for now: nothing is free, the client has gone already, a firewall, the
# network. Only with these the listener itself is gone, and no later try can work.
CLOSED = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK})
_WANTED_FILES = (65_536, 10_240)  # macOS takes no more than the second

if sys.platform == "win32":

    def raise_file_limit() -> None:
        """Do nothing: Windows has no such limit."""

else:
    import resource

    def raise_file_limit() -> None:
        """Raise the soft limit of open files: each client is one, and 1,024 is the usual."""
        for wanted in _WANTED_FILES:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            if soft == resource.RLIM_INFINITY or soft >= allowed:
                return
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
