"""Notice edits of the ledger files: events of the file system, and a look for the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import watchfiles

DEBOUNCE_MS = 20  # an editor's save is several events; the first one starts the clock
STEP_MS = 5
STOP_MS = 500  # how often the native wait looks whether it shall end
LOOK_SECONDS = 0.5  # where the file system gives no events (network drives, some mounts)


class Watcher:
    """Calls `poke` when one of the named files of a folder may have changed.

    `run_events` and `run_looks` are the bodies of two real threads: the first waits for
    the file system, the second compares `stat` and never trusts the first.
    """

    def __init__(self, folder: Path, names: Iterable[str], poke: Callable[[], None]) -> None:
        self._folder = folder
        self._names = frozenset(names)
        self._poke = poke
        self._stopped = threading.Event()

    def run_events(self) -> None:
        """Wait for events until `stop`; a folder that goes away is watched when it is back."""
        while not self._stopped.is_set():
            try:
                self._watch()
            except OSError:  # the folder is gone or cannot be watched: looks go on
                self._stopped.wait(LOOK_SECONDS)

    def run_looks(self) -> None:
        """Compare size, times and inode of the files every half second until `stop`."""
        before = self._look()
        while not self._stopped.wait(LOOK_SECONDS):
            present = self._look()
            if present != before:
                before = present
                self._poke()

    def stop(self) -> None:
        """End both threads soon."""
        self._stopped.set()

    def _watch(self) -> None:
        changes = watchfiles.watch(
            self._folder,
            watch_filter=self._is_ours,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=self._stopped,
            rust_timeout=STOP_MS,
            yield_on_timeout=True,
            recursive=False,
            raise_interrupt=False,
        )
        for found in changes:
            if found:
                self._poke()
            elif not self._folder.is_dir():
                raise FileNotFoundError(self._folder)

    def _is_ours(self, _change: watchfiles.Change, path: str) -> bool:
        return Path(path).name in self._names

    def _look(self) -> list[tuple[int, ...] | None]:
        return [_signature(self._folder / name) for name in sorted(self._names)]


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
