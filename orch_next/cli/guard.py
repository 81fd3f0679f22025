"""Exit statuses, and the one place where every error of a command ends."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable

from orch_next.errors import DatabaseError, OrchError

FINE = 0
FAILED = 1
BUG = 3
INTERRUPTED = 130


def guarded(command: Callable[[], int]) -> int:
    """Run `command` and return its exit status; an error becomes one line on stderr."""
    try:
        status = command()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) left; a closed stdout must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except DatabaseError as error:
        print(f"orch-next: {error}: {error.reason}", file=sys.stderr)
        return FAILED
    except (OrchError, OSError) as error:
        print(f"orch-next: {error}", file=sys.stderr)
        return FAILED
    except Exception:  # noqa: BLE001  # the command line's top level
        print(f"orch-next: a bug; please report it with {_write_log()}", file=sys.stderr)
        return BUG


def _write_log() -> str:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="orch-next-", suffix=".log", delete=False
    ) as log:
        log.write(traceback.format_exc())
    return log.name
