"""Step `requirements`: what the legacy asked of Python's packages beside what ORCH-Next asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from orch_next.migrate.changes import Put
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.packages.compare import compare, tell
from orch_next.migrate.packages.ours import our_requirements
from orch_next.migrate.packages.read import Reading, find_requirements, read_requirements
from orch_next.migrate.packages.trial import Trial, try_installation
from orch_next.migrate.settings.told import info, problem
from orch_next.migrate.step import Phase, Work

LEGACY = PurePosixPath("config/legacy")


class RequirementsStep:
    """The comparison, and on demand an installation in a virtual environment of its own."""

    name = "requirements"
    phase: Phase = 1
    title = "Python packages: missing, conflicting, newer, obsolete"
    title_ja = "Python パッケージ: 不足・衝突・新版・不要"

    def __init__(self, attempt: Callable[[Sequence[str]], Trial] = try_installation) -> None:
        self._attempt = attempt
        self._trials: dict[tuple[str, ...], Trial] = {}  # a run checks each step twice

    def check(self, house: House) -> Sequence[Finding]:
        """Try both sets in a fresh virtual environment when `check_requirements` asks for it."""
        if not house.options.check_requirements:
            return (_skipped(),)
        files = find_requirements(house.source)
        asked = [one for path in files for one in read_requirements(house.source, path).asked]
        named = tuple(str(one.requirement) for one in asked if not one.requirement.url)
        if named not in self._trials:
            house.say("requirements: pip", 0, 1)
            self._trials[named] = self._attempt(named)
            house.say("requirements: pip", 1, 1)
        return (_tried(self._trials[named]),)

    def plan(self, house: House) -> Work:
        """Compare, and keep the old files for the owner's own scripts."""
        files = find_requirements(house.source)
        readings = [read_requirements(house.source, path) for path in files]
        asked = [one for reading in readings for one in reading.asked]
        found = compare(asked, our_requirements())
        findings = [one for reading in readings for one in reading.findings]
        findings += [finding for one in found if (finding := tell(one)) is not None]
        if not files:
            findings.append(_no_file())
        return Work(
            changes=() if house.same else tuple(_kept(house.source, readings)),
            findings=tuple(findings),
            counts=dict(sorted(Counter(one.verdict for one in found).items())),
            notes={"packages": [one.as_json() for one in found]},
        )

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Find nothing: the kept files are compared by the frame."""
        return ()


def _kept(source: Path, readings: Sequence[Reading]) -> list[Put]:
    files = sorted({path for reading in readings for path in reading.files})
    inside = [path for path in files if path.is_relative_to(source)]
    return [Put(LEGACY / path.relative_to(source).as_posix(), origin=path) for path in inside]


def _no_file() -> Finding:
    return info(
        "no_requirements",
        "",
        "there is no requirements.txt; nothing was compared",
        "requirements.txt がないため、比較していません",
    )


def _skipped() -> Finding:
    return info(
        "requirements_not_tried",
        "",
        "no virtual environment was made, as --check-requirements was not given (it needs a "
        "package index)",
        "--check-requirements の指定がないため、仮想環境での確認はしていません"
        " (パッケージ索引が必要)",
    )


def _tried(trial: Trial) -> Finding:
    if trial.is_fine:
        return info(
            "requirements_tried",
            "",
            f"ORCH-Next and your packages can be installed together: {trial.told}",
            f"ORCH-Next と従来のパッケージは一緒に導入できます: {trial.told}",
        )
    return problem(
        "requirements_conflict",
        "",
        f"ORCH-Next and your packages cannot be installed together: {trial.told}",
        f"ORCH-Next と従来のパッケージは一緒に導入できません: {trial.told}",
    )
