"""Where the frame keeps its own files, all below `data/migration/` of the target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FRAME = PurePosixPath("data/migration")


@dataclass(frozen=True)
class Places:
    """The frame's files and folders below one target."""

    target: Path

    @property
    def root(self) -> Path:
        """Return the folder of everything below."""
        return self.target / FRAME

    @property
    def lock(self) -> Path:
        """Return the file that one migration at a time holds."""
        return self.root / ".migration.lock"

    @property
    def journal(self) -> Path:
        """Return the file that says which run and step is in which state."""
        return self.root / "journal.json"

    @property
    def backups(self) -> Path:
        """Return the folder of all snapshots, `<run>/<step>` below it."""
        return self.root / "backups"

    @property
    def reports(self) -> Path:
        """Return the folder of `<run>.md`, `.html` and `.json`."""
        return self.root / "reports"

    @property
    def staging(self) -> Path:
        """Return the folder of files that wait for their commit."""
        return self.root / "staging"

    @property
    def own(self) -> tuple[Path, ...]:
        """Return every file and folder directly below the root that we write."""
        return (
            self.lock,
            self.journal,
            self.backups,
            self.reports,
            self.staging,
            self.root / "kept",
        )

    def backup(self, run: str, step: str) -> Path:
        """Return the folder of one step's snapshot."""
        return self.backups / run / step

    def staged(self, run: str, step: str) -> Path:
        """Return the folder of one step's new files."""
        return self.staging / run / step

    def kept(self, run: str) -> Path:
        """Return the folder of what a rollback found to be newer than the move."""
        return self.root / "kept" / run

    def at(self, path: str) -> Path:
        """Return the absolute path of a manifest's path."""
        return self.target / path
