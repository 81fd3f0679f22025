"""Hide what this process holds from other processes of the same user."""

from __future__ import annotations

import ctypes
import logging
import sys

log = logging.getLogger(__name__)
_PR_SET_DUMPABLE = 4


def hide_process() -> bool:
    """Close `/proc/<pid>/environ` and the memory to all but root; False where that cannot be.

    Commands that we start are dumpable again, and files stay as they are.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, AttributeError) as error:
        log.info("the process is not hidden from others of its user: %s", error)
        return False
