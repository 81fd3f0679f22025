"""Which packages are missing, conflicting, newer, the same or obsolete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from orch_next.migrate.findings import Finding
from orch_next.migrate.packages.read import Asked
from orch_next.migrate.settings.told import info, problem, warning

Verdict = Literal["same", "newer", "conflict", "missing", "obsolete"]


@dataclass(frozen=True)
class Comparison:
    """One package: `newer` means ORCH-Next needs a newer one than the legacy allowed."""

    name: str
    verdict: Verdict
    legacy: str
    ours: str
    where: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row of the report."""
        return {
            **{"name": self.name, "verdict": self.verdict, "legacy": self.legacy},
            **{"ours": self.ours, "where": self.where},
        }


def compare(asked: Sequence[Asked], ours: Iterable[Requirement]) -> list[Comparison]:
    """Compare by normalized name; markers are compared as text, as another machine may differ."""
    wanted: dict[str, Requirement] = {canonicalize_name(one.name): one for one in ours}
    rows = [_compare(one, wanted.get(one.name)) for one in asked if _counts(one, wanted)]
    named = {one.name for one in asked}
    missing = [
        Comparison(name, "missing", "", _shown(one))
        for name, one in sorted(wanted.items())
        if name not in named
    ]
    return [*rows, *missing]


def is_possible(*specifiers: SpecifierSet) -> bool:
    """Tell whether some version fits all specifiers: one at, or next to, a version they name."""
    everything = SpecifierSet(",".join(str(one) for one in specifiers if str(one)))
    return any(everything.contains(one, prereleases=True) for one in _candidates(everything))


def tell(one: Comparison) -> Finding | None:
    """Return what a person should know of a row; nothing for packages that stay as they are."""
    told = _TOLD.get(one.verdict)
    if told is None:
        return None
    severity, english, japanese = told
    parts = {"name": one.name, "legacy": one.legacy, "ours": one.ours}
    code = f"package_{one.verdict}"
    return severity(code, one.where, english.format(**parts), japanese.format(**parts))


_TOLD = {
    "conflict": (
        problem,
        "{name}: you asked for {legacy}, ORCH-Next needs {ours}; no version fits both",
        "{name}: 従来は {legacy}、ORCH-Next は {ours}。両方に合う版がありません",
    ),
    "newer": (
        warning,
        "{name}: you asked for {legacy}, ORCH-Next needs the newer {ours}; scripts of yours that "
        "use it should be tried",
        "{name}: 従来は {legacy}、ORCH-Next はより新しい {ours} が必要です。これを使うスクリプトを"
        "確認してください",
    ),
    "obsolete": (
        info,
        "{name} ({legacy}) is not needed by ORCH-Next; your own scripts may need it",
        "{name} ({legacy}) は ORCH-Next には不要です。ご自身のスクリプトが使うかもしれません",
    ),
}


def _counts(one: Asked, wanted: dict[str, Requirement]) -> bool:
    # A constraint asks for nothing by itself.
    return not one.is_constraint or one.name in wanted


def _compare(one: Asked, ours: Requirement | None) -> Comparison:
    legacy = _shown(one.requirement)
    if ours is None:
        return Comparison(one.name, "obsolete", legacy, "", one.where)
    verdict: Verdict = "same"
    if not is_possible(one.requirement.specifier, ours.specifier):
        verdict = "newer" if _is_below(one.requirement.specifier, ours.specifier) else "conflict"
    return Comparison(one.name, verdict, legacy, _shown(ours), one.where)


def _shown(one: Requirement) -> str:
    """Return a requirement without its URL, which may hold a password."""
    extras = f"[{','.join(sorted(one.extras))}]" if one.extras else ""
    marker = f"; {one.marker}" if one.marker else ""
    version = " @ (address)" if one.url else str(one.specifier)
    return f"{one.name}{extras}{version}{marker}"


def _is_below(legacy: SpecifierSet, ours: SpecifierSet) -> bool:
    """Tell whether every version that the legacy allows is older than ours may be."""
    floor = [Version(one.version) for one in ours if one.operator in (">=", ">", "==", "~=")]
    allowed = [one for one in _candidates(legacy) if legacy.contains(one, prereleases=True)]
    return bool(floor) and bool(allowed) and max(allowed) < max(floor)


def _candidates(specifiers: SpecifierSet) -> list[Version]:
    versions = [Version("0"), Version("99999")]
    for one in specifiers:
        try:
            version = Version(one.version.removesuffix(".*"))
        except InvalidVersion:
            continue  # `===` may name anything; then it fits nothing else
        release = version.release
        later = ".".join(map(str, (*release[:-1], release[-1] + 1)))
        below = f"{version.public}.dev0" if not version.is_devrelease else version.public
        versions += [Version(f"{version.base_version}{more}") for more in (".1", ".0.0.1")]
        versions += [version, Version(later)]
        versions += [Version(below)] if not version.local else []
    return versions
