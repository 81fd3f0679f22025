"""Evidence that approvals name exists (rule `evidence`; contract 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PureWindowsPath

from orch_next.core.schema import EMPTY, Approval
from orch_next.sensors.rules.files import Finding

_FREE = ("", EMPTY, "None")


def check_evidence(approvals: Sequence[Approval], file: str, root: Path) -> Iterator[Finding]:
    """Yield approvals whose evidence is a path that does not exist; `root` is the ORCH folder.

    A path of another machine (`D:\\elsewhere`) proves nothing here and is left out.
    """
    for row in approvals:
        wanted = row.evidence.strip()
        if wanted in _FREE or not wanted.isprintable():
            continue
        places = find_places(wanted, root)
        if places and not any(_exists(place) for place in places):
            yield Finding(
                file, row.line, f"{row.appr_id} の証跡がありません: {wanted}", row.appr_id
            )


def find_places(wanted: str, root: Path) -> list[Path]:
    """Return where a path of the ledger may lie on this machine; none if that is unknown.

    The rules ask for absolute Windows paths. Elsewhere, what stands behind the name of the
    MOC root or of the ORCH folder is looked up below the present ones.
    """
    moc_root = root.parent
    if Path(wanted).is_absolute():
        return [Path(wanted)]
    parts = PureWindowsPath(wanted.replace("\\\\", "\\"))
    if not parts.drive and not parts.root:
        relative = Path(*parts.parts)
        return [moc_root / relative, root / relative]
    names = [name.casefold() for name in parts.parts]
    for base in (moc_root, root):
        name = base.name.casefold()
        if name in names:
            behind = len(names) - 1 - names[::-1].index(name)
            return [base.joinpath(*parts.parts[behind + 1 :])]
    return []


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
