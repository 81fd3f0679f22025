"""Step `dispatcher`: PowerShell dispatchers, their schedules, parameters and locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from orch_next.errors import MigrationError
from orch_next.migrate.changes import Put
from orch_next.migrate.dispatching.calls import (
    SCRIPT,
    Call,
    parse_call,
    parse_defaults,
    parse_script,
)
from orch_next.migrate.dispatching.cores_file import Found, add_cores, collect, known_cores
from orch_next.migrate.dispatching.locks import Lock, list_locks
from orch_next.migrate.dispatching.processes import (
    Process,
    find_dispatchers,
    hidden,
    list_processes,
)
from orch_next.migrate.dispatching.schedules import Schedule, parse_schedules, query_schedules
from orch_next.migrate.dispatching.telling import (
    tell_computed,
    tell_cores,
    tell_hidden,
    tell_lock,
    tell_process,
    tell_schedule,
    tell_unreadable,
)
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.sources import read_sources
from orch_next.migrate.settings.text import read_text, read_whole
from orch_next.migrate.settings.told import blocker
from orch_next.migrate.settings.tree import is_plain, list_files, place
from orch_next.migrate.step import Phase, Step, Work

CORES = PurePosixPath("config/cores.toml")
_SCRIPTS = (".ps1", ".psm1", ".bat", ".cmd", ".sh")
Calls = list[tuple[str, Call]]


def make_steps() -> tuple[Step, ...]:
    """Return the dispatcher's step, looking at this machine's processes and schedules."""
    return (DispatcherStep(),)


class DispatcherStep:
    """What the PowerShell dispatcher was told becomes `config/cores.toml`."""

    name = "dispatcher"
    phase: Phase = 2
    title = "Dispatcher: parameters to config/cores.toml; processes, schedules and locks listed"
    title_ja = "ディスパッチャー: 設定を config/cores.toml へ。プロセス・予定・ロックを一覧"

    def __init__(
        self,
        processes: Callable[[], list[Process]] = list_processes,
        schedules: Callable[[], bytes] = query_schedules,
    ) -> None:
        self._processes, self._schedules = processes, schedules

    def check(self, house: House) -> Sequence[Finding]:
        """Refuse while a dispatcher runs, or when cores.toml cannot be added to."""
        running = find_dispatchers(self._processes())
        findings = [tell_process(one, call) for one, call in running if _is_ours(house, call)]
        try:
            self._added(house, self._look(house)[0])
        except (MigrationError, UnicodeDecodeError) as error:
            findings.append(_bad_cores(error))
        return findings

    def plan(self, house: House) -> Work:
        """Add the cores that were found; list schedules and locks."""
        calls, schedules, findings = self._look(house)
        processes = self._processes()
        findings += [tell_hidden(pid) for pid in hidden(processes)]
        locks = list_locks(house.source, house.now)
        findings += [tell_lock(one) for one in locks]
        try:
            before, after, cores = self._added(house, calls)
        except (MigrationError, UnicodeDecodeError) as error:
            return Work(findings=(*findings, _bad_cores(error)))
        findings += tell_cores(cores, known_cores(before))
        findings += [tell_computed(where) for where, call in calls if not call.core_id]
        changes = (Put(CORES, content=after.encode()),) if after else ()
        counts = {"cores": len(cores), "schedules": len(schedules), "locks": len(locks)}
        return Work(changes, tuple(findings), counts, _notes(cores, schedules, locks))

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Read the file again as the program would."""
        try:
            known_cores(_present(house.target / CORES))
        except (MigrationError, UnicodeDecodeError) as error:
            return [_bad_cores(error)]
        return []

    def _added(self, house: House, calls: Calls) -> tuple[str, str, list[Found]]:
        """Return cores.toml before and after, and the cores of the legacy."""
        present = _present(house.target / CORES) or _present(house.source / CORES)
        cores = collect(calls)
        return present, add_cores(present, cores), cores

    def _look(self, house: House) -> tuple[Calls, list[Schedule], list[Finding]]:
        calls = [*_scripts(house.source), *_settings(house.source)]
        running = find_dispatchers(self._processes())
        calls += [(f"process {one.pid}", call) for one, call in running if _is_ours(house, call)]
        schedules, findings = _schedules(house.source, self._schedules)
        calls += [(f"scheduled task {one.name}", one.call) for one in schedules]
        return calls, schedules, findings


def _scripts(root: Path) -> Iterator[tuple[str, Call]]:
    for path in list_files(root, lambda name: name.endswith(_SCRIPTS)):
        text = read_text(path).text
        if path.name.lower() == SCRIPT:
            if call := parse_defaults(text):
                yield place(root, path), call
            continue
        for line, call in parse_script(text, path.suffix.lower()):
            yield place(root, path, line), call


def _settings(root: Path) -> Iterator[tuple[str, Call]]:
    """Yield the call that a `dispatcher` section of the settings describes, a file at a time."""
    sections: dict[str, dict[str, Any]] = {}
    for item in read_sources(root).items:
        if item.kind == "file" and len(item.path) == 2 and item.path[0] == "dispatcher":
            name = item.path[1].replace("_", "").lower()
            sections.setdefault(item.file, {})[name] = item.value
    for file, found in sections.items():
        words = [f"-{name}:{value}" for name, value in found.items() if value not in (None, "")]
        if "coreid" in found and (call := parse_call([SCRIPT, *words])):
            yield f"{file} dispatcher", call


def _schedules(root: Path, query: Callable[[], bytes]) -> tuple[list[Schedule], list[Finding]]:
    """Return the tasks of this machine and of XML files below the root, each name once."""
    found: dict[tuple[str, Call], Schedule] = {}
    findings: list[Finding] = []
    sources = [("schtasks", query, "")]
    for path in list_files(root, lambda name: name.endswith(".xml")):
        sources.append((place(root, path), partial(read_whole, path), path.stem))
    for where, read, name in sources:
        try:
            for one in parse_schedules(read(), name):
                found.setdefault((one.name, one.call), one)
        except (MigrationError, ValueError, OSError) as error:
            findings.append(tell_unreadable(where, error))
    schedules = sorted(found.values(), key=lambda one: one.name)
    return schedules, findings + [tell_schedule(one) for one in schedules]


def _is_ours(house: House, call: Call) -> bool:
    """Tell whether a process belongs to this MOC; one whose place nobody knows counts as ours."""
    script = call.script.replace("\\", "/").lower()
    is_absolute = script.startswith("/") or script[1:3] == ":/"
    root = str(house.source).replace("\\", "/").lower().rstrip("/")
    return not is_absolute or script.startswith(f"{root}/")


def _present(path: Path) -> str:
    return path.read_bytes().decode("utf-8") if is_plain(path) else ""


def _notes(
    cores: Sequence[Found], schedules: Sequence[Schedule], locks: Sequence[Lock]
) -> dict[str, Any]:
    return {
        "cores": [
            {"core": one.core_id, "role": one.role, "from": list(one.places), "run": one.command}
            for one in cores
        ],
        "schedules": [
            {"name": one.name, "triggers": list(one.triggers), "enabled": one.is_enabled}
            for one in schedules
        ],
        "locks": [one.as_json() for one in locks],
    }


def _bad_cores(error: Exception) -> Finding:
    return blocker(
        "bad_cores_toml",
        str(CORES),
        f"the cores of the legacy cannot be added to this file: {error}",
        f"従来のコアをこのファイルに追加できません: {error}",
    )
