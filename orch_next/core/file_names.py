r"""Names of files that others wrote into a cell: judged by their text, before any file is touched.

Windows logs in at the machine that a name such as `\\evil\share\x` names, by looking it up.
"""

from __future__ import annotations

import unicodedata
from pathlib import PurePath, PureWindowsPath

# A stream of a file (`config::$INDEX_ALLOCATION`), and what Windows cuts off a name's end.
_MISLEADING_END = (".", " ")


def may_look_up(name: str, root: str, *, windows: bool) -> bool:
    """Tell whether a name may be looked up below `root`, by its text alone.

    On Windows: relative without tricks, or absolute and below the root; never another machine,
    a device or another drive. Elsewhere what is outside is found out without harm, but for the
    two slashes that may name a machine.
    """
    if not windows:
        return not name.startswith("//")
    path, base = PureWindowsPath(name), PureWindowsPath(root)
    if name.startswith(("\\\\", "//")) or any(map(_is_misleading, path.parts[bool(path.anchor) :])):
        return False
    if not path.anchor:
        return not path.is_reserved()
    return ".." not in path.parts and path.is_relative_to(base)


def _is_misleading(part: str) -> bool:
    cut = part not in (".", "..") and part.endswith(_MISLEADING_END)
    return ":" in part or cut or PureWindowsPath(part).is_reserved()


def is_below(path: PurePath, folder: PurePath) -> bool:
    """Tell whether a path is the folder or below it on a volume that may not know case.

    `CONFIG/secrets.json` is the same file as `config/secrets.json` on macOS and Windows; where it
    is another one, it is hidden for its name.
    """
    wanted = _folded(folder)
    return _folded(path)[: len(wanted)] == wanted


def _folded(path: PurePath) -> list[str]:
    return [unicodedata.normalize("NFKD", part.casefold()).casefold() for part in path.parts]
