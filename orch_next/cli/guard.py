"""Exit statuses, and the one place where every error of a command ends."""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Callable

from orch_next.cli.streams import lost_output
from orch_next.errors import DatabaseError, OrchError

FINE = 0
FAILED = 1
USAGE = 2
BUG = 3
UNPRINTED = 4
INTERRUPTED = 130


def guarded(command: Callable[[], int]) -> int:
    """Run `command` and return its exit status; an error becomes one line on stderr."""
    try:
        return _printed(command())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except DatabaseError as error:
        print(f"orch-next: {error}: {error.reason}", file=sys.stderr)
        return FAILED
    except (OrchError, OSError) as error:
        print(f"orch-next: {error}", file=sys.stderr)
        return FAILED
    except Exception:  # noqa: BLE001  # the command line's top level
        print(f"orch-next: a bug; please report it with {_write_log()}", file=sys.stderr)
        return BUG


def _printed(status: int) -> int:
    """Return the command's status; where it was done but not printed, the status that says so."""
    lost = lost_output()
    if lost is None:
        return status
    print(f"orch-next: done, but not printed: {lost.strerror}", file=sys.stderr)
    return status or UNPRINTED


def _write_log() -> str:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="orch-next-", suffix=".log", delete=False
    ) as log:
        log.write(traceback.format_exc())
    return log.name
