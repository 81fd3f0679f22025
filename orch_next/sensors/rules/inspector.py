"""Check every rule in the background, in small steps, and keep the findings for answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orch_next.core.board import Board
from orch_next.core.flags import FILE_NAME
from orch_next.core.schema import APPROVAL, KINDS, TASK
from orch_next.core.state import State
from orch_next.errors import BusyError, DamagedError
from orch_next.regular import MOST_SMALL, read_regular
from orch_next.sensors.rules.backups import check_backups
from orch_next.sensors.rules.config import RULES_FILE, Rule, RulesConfig, load_rules
from orch_next.sensors.rules.evidence import check_evidence
from orch_next.sensors.rules.files import Content, Finding, Found, read_content, walk_files
from orch_next.sensors.rules.formatting import NoRuffError, check_formatting, find_ruff
from orch_next.sensors.rules.ledgers import (
    check_approvals,
    check_flags,
    check_problems,
    check_tasks,
)
from orch_next.sensors.rules.powershell import check_powershell
from orch_next.sensors.rules.secrets import check_secrets
from orch_next.sensors.rules.store import Check, RuleStore, Violation
from orch_next.sensors.rules.text import check_encoding, check_eol
from orch_next.storage.leader import Leadership

log = logging.getLogger(__name__)

NO_RUFF = "ruff がインストールされていません"
_FILE_CHECKS: Mapping[str, Callable[[Content, Rule], Iterator[Finding]]] = MappingProxyType(
    {
        "eol": check_eol,
        "encoding": check_encoding,
        "secrets": check_secrets,
        "powershell": check_powershell,
    }
)

Pause = Callable[[], bool]


@dataclass(frozen=True)
class Shown:
    """What the last look left: open breaches, how many are resolved, each rule's check."""

    violations: tuple[Violation, ...] = ()
    resolved: int = 0
    checks: Mapping[str, Check] | None = None


class Inspector:
    """The rules of one MOC root; the leader of several processes checks and writes.

    Files that did not change since the last look are not read again.
    """

    def __init__(
        self,
        state: State,
        config: RulesConfig,
        store: RuleStore,
        leader: Leadership,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self.config = config
        self._state, self._store, self._leader, self._now = state, store, leader, now
        self._root = state.folder.parent
        self._moc_root = self._root.parent
        self._known: dict[str, tuple[tuple[int, ...], dict[str, list[Finding]]]] = {}
        self._lock = threading.Lock()
        self._shown = Shown()
        self._in_background = False

    def shown(self) -> Shown:
        """Return the last look's findings; before the first, those of an earlier run.

        Without a background the first who asks has to look.
        """
        if self._shown.checks is None:
            if self._in_background:
                self._shown = self._read_store()
            else:
                self.look()
        return self._shown

    def peek(self) -> Shown:
        """Return the last look's findings, none before the first; never waits."""
        return self._shown

    def resolved(self, most: int) -> list[Violation]:
        """Return resolved breaches, the newest first; raise BusyError."""
        return self._store.list_resolved(most)

    def start(self, stopping: threading.Event, seconds: float) -> None:
        """Begin to look in the background; from now on nobody who asks waits for a look."""
        self._in_background = True
        arguments = (stopping, seconds)
        threading.Thread(target=self.run, args=arguments, name="orch-rules", daemon=True).start()

    def run(self, stopping: threading.Event, seconds: float) -> None:
        """Look every `seconds` until `stopping` is set; for a thread of its own.

        Between files it rests, so that answers are never late because of it.
        """
        while not stopping.is_set():
            with self._lock:
                try:
                    self._look(lambda: stopping.wait(0.005))
                except (BusyError, OSError) as error:
                    log.warning("rules: %s", error)
            stopping.wait(seconds)

    def look(self) -> Shown:
        """Check everything now and return the findings; raise BusyError."""
        with self._lock:
            self._look(lambda: False)
        return self._shown

    def _look(self, pause: Pause) -> None:
        if self._leader.is_leader():
            files = self._read_files(pause)
            if files is None:
                return  # the program ends
            for rule in self.config.rules:
                if rule.enabled:
                    self._check(rule, files)
                else:
                    self._store.record(rule.id, (), self._now())
        self._shown = self._read_store()

    def _read_store(self) -> Shown:
        return Shown(
            tuple(self._store.list_open()),
            self._store.count_resolved(),
            {check.rule_id: check for check in self._store.list_checks()},
        )

    def _check(self, rule: Rule, files: Mapping[str, dict[str, list[Finding]]]) -> None:
        try:
            findings = self._findings(rule, files)
        except (NoRuffError, DamagedError, OSError) as error:
            self._store.record_problem(rule.id, str(error), self._now())
            return
        self._store.record(rule.id, findings, self._now())

    def _findings(self, rule: Rule, files: Mapping[str, dict[str, list[Finding]]]) -> list[Finding]:
        if rule.key in _FILE_CHECKS:
            return [one for found in files.values() for one in found.get(rule.key, [])]
        if rule.key == "python":
            return self._formatting(rule, files)
        whole: dict[str, Callable[[], Iterable[Finding]]] = {
            "backup": lambda: check_backups(
                self._moc_root, [self._path(kind) for kind in KINDS], rule, self._now()
            ),
            "evidence": lambda: check_evidence(
                self._state.approvals.records, self._name(APPROVAL), self._root
            ),
            "ledger": self._ledgers,
        }
        return [one for one in whole[rule.key]() if rule.covers(one.file)]

    def _formatting(self, rule: Rule, files: Iterable[str]) -> list[Finding]:
        ruff = find_ruff()
        if ruff is None:
            raise NoRuffError(NO_RUFF)
        names = [file for file in files if file.endswith(".py") and rule.covers(file)]
        return list(check_formatting(ruff, self._moc_root, names, rule.tuning["seconds"]))

    def _ledgers(self) -> Iterator[Finding]:
        tasks, approvals = self._state.tasks, self._state.approvals
        yield from check_problems(tasks, self._name(TASK))
        yield from check_problems(approvals, self._name(APPROVAL))
        yield from check_tasks(tasks.records, self._name(TASK))
        yield from check_approvals(approvals.records, self._name(APPROVAL))
        flags = self._state.folder / FILE_NAME
        if flags.is_file():
            text = read_regular(flags, MOST_SMALL).decode("utf-8", "replace")
            yield from check_flags(text, flags.relative_to(self._moc_root).as_posix())

    def _read_files(self, pause: Pause) -> dict[str, dict[str, list[Finding]]] | None:
        """Return the findings of each file, by rule; None when the program ends."""
        known = {}
        for found in walk_files(self._moc_root, self.config):
            before = self._known.get(found.file)
            if before is None or before[0] != found.signature:
                before = (found.signature, self._read(found))
                if pause():
                    return None
            known[found.file] = before
        self._known = known
        return {file: findings for file, (_, findings) in known.items()}

    def _read(self, found: Found) -> dict[str, list[Finding]]:
        content = read_content(self._moc_root, found, self.config.most_bytes)
        if content is None:
            return {}
        rules = [rule for rule in self.config.rules if rule.enabled and rule.key in _FILE_CHECKS]
        return {
            rule.key: findings
            for rule in rules
            if rule.covers(found.file) and (findings := list(_FILE_CHECKS[rule.key](content, rule)))
        }

    def _path(self, kind: Any) -> Path:
        return self._state.folder / str(kind.file_name)

    def _name(self, kind: Any) -> str:
        return self._path(kind).relative_to(self._moc_root).as_posix()


def open_inspector(
    board: Board, moc_root: Path, leader: Leadership, now: Callable[[], datetime]
) -> Inspector:
    """Return the inspector of a MOC root with its configuration; raise `ConfigError`."""
    config = load_rules(moc_root / RULES_FILE)
    return Inspector(board.state, config, RuleStore(board.journal.database), leader, now=now)
