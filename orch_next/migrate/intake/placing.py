"""Where a file goes when its name may be taken: nothing is overwritten, nothing comes twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from orch_next.migrate.facts import glance, hash_file
from orch_next.migrate.intake.encodings import hash_beginning


@dataclass(frozen=True)
class Arrival:
    """A file of the old house; `origin` is its name there, `label` marks its renamed copy.

    A `size` of None says that files of other sizes may be equal by `digest` (databases).
    """

    file: Path
    origin: str
    wanted: PurePosixPath
    label: str
    sha256: str
    size: int | None
    digest: Callable[[Path], str] = hash_file


@dataclass(frozen=True)
class Known:
    """What an earlier move put at a path: from where, and what it was."""

    origin: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Placed:
    """Where an arrival belongs; `present` says that its bytes are there already."""

    path: PurePosixPath
    present: bool


@dataclass
class Placer:
    """Gives every arrival a path below the target, one after the other.

    A name is free when nothing stands there, when the same bytes do, or when an earlier move
    put an earlier state of the same file there and nobody touched it since. Otherwise the
    file is kept beside it as `<stem>.<label><suffix>`, `<stem>.<label>-2<suffix>`, ...
    """

    target: Path
    known: Mapping[str, Known] = field(default_factory=dict)
    _taken: dict[str, str] = field(default_factory=dict)

    def reserve(self, path: PurePosixPath, sha256: str = "") -> None:
        """Keep a path from being given away."""
        self._taken[_key(path)] = sha256

    def place(self, arrival: Arrival) -> Placed:
        """Return where the arrival goes; OSError passes."""
        for path in _names(arrival.wanted, arrival.label):
            found = self._try(path, arrival)
            if found is not None:
                self.reserve(path, arrival.sha256)
                return found
        raise AssertionError("the names never end")

    def _try(self, path: PurePosixPath, arrival: Arrival) -> Placed | None:
        taken = self._taken.get(_key(path))
        if taken is not None:
            return Placed(path, present=True) if taken == arrival.sha256 else None
        place = self.target / path
        fact = glance(place)
        if fact.kind == "absent":
            return Placed(path, present=False)
        if fact.kind != "file":
            return None
        if arrival.size in (None, fact.size) and arrival.digest(place) == arrival.sha256:
            return Placed(path, present=True)
        return Placed(path, present=False) if self._grew(path, arrival) else None

    def _grew(self, path: PurePosixPath, arrival: Arrival) -> bool:
        known = self.known.get(path.as_posix())
        if known is None or known.origin != arrival.origin:
            return False
        if arrival.digest(self.target / path) != known.sha256:
            return False
        if arrival.size is None:
            return True
        is_longer = arrival.size >= known.size
        return is_longer and hash_beginning(arrival.file, known.size) == known.sha256


def _key(path: PurePosixPath) -> str:
    # Two names that a file system may take for one never both lead to a file.
    return path.as_posix().casefold()


def _names(wanted: PurePosixPath, label: str) -> Iterator[PurePosixPath]:
    yield wanted
    yield wanted.with_name(f"{wanted.stem}.{label}{wanted.suffix}")
    number = 2
    while True:
        yield wanted.with_name(f"{wanted.stem}.{label}-{number}{wanted.suffix}")
        number += 1
