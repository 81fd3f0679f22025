"""Wire a dispatcher over a board; starts nothing and touches no file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_next.core.again import Again
from orch_next.core.artifacts import MOST_HASHED, artifact_sha256
from orch_next.core.board import Board
from orch_next.core.deadlines import Clock
from orch_next.core.lease_store import LeaseStore
from orch_next.core.lease_terms import LeaseRules
from orch_next.core.lease_watch import LeaseWatch
from orch_next.core.leases import Leases
from orch_next.core.locks import RoleFiles
from orch_next.core.places import Place
from orch_next.core.requests import Requests
from orch_next.dispatcher.control import Control
from orch_next.dispatcher.cores import CORES_FILE, Core, Cores, load_cores
from orch_next.dispatcher.following import Following
from orch_next.dispatcher.hashing import Hashes
from orch_next.dispatcher.host import find_place
from orch_next.dispatcher.output import ThreadStarter
from orch_next.dispatcher.owner import Ownership
from orch_next.dispatcher.presence import Presence
from orch_next.dispatcher.pull import PullDesk
from orch_next.dispatcher.recovery import Recovery
from orch_next.dispatcher.runner import Runner
from orch_next.dispatcher.situation import Lookout, Predict
from orch_next.dispatcher.wanted import WantedSessions
from orch_next.dispatcher.work import Workshop
from orch_next.dispatcher.worker import Worker
from orch_next.errors import ForbiddenError
from orch_next.storage.leader import FixedLeadership, Leadership


def start_thread(work: Callable[[], None]) -> None:
    """Start a thread that ends with the process; real in every server mode of ours."""
    threading.Thread(target=work, daemon=True).start()


@dataclass(frozen=True)
class Outside:
    """What the dispatcher gets from outside: clocks, tokens, threads, environment, events.

    `place` is where this process runs; the `leader` alone dispatches;
    `predict` foresees runs where the configuration lets predictions decide; `token_auth` says
    that every caller was authenticated by a token, which commands need; what has more than
    `artifact_bytes` has no hash; `alone` is for a command in the foreground, which has only its
    own sessions.
    """

    clock: Clock
    make_token: Callable[[], str]
    tell: Callable[[str, dict[str, Any]], None]
    environ: Mapping[str, str]
    threads: ThreadStarter = start_thread
    place: Place = field(default_factory=find_place)
    rules: LeaseRules = field(default_factory=LeaseRules)
    token_auth: bool = False
    leader: Leadership = field(default_factory=FixedLeadership)
    predict: Predict | None = None
    artifact_bytes: int = MOST_HASHED
    alone: bool = False


def make_control(board: Board, outside: Outside) -> Control:
    """Build the dispatcher of the board's STATE folder; pass `on_change` to the board."""
    orch = board.state.folder.parent
    moc_root, clock, tell = orch.parent, outside.clock, outside.tell
    read_cores = _cores_reader(moc_root)
    leases = Leases(
        board.state,
        LeaseStore(board.journal.database, outside.place),
        clock,
        outside.make_token,
        tell,
        outside.rules,
    )
    requests = Requests(
        board.state, board.journal, _hashes(moc_root, read_cores, outside).get, tell, clock.now
    )
    runner = Runner(threads=outside.threads, environ=outside.environ, monotonic=clock.monotonic)
    workshop = Workshop(orch, leases, requests, runner, tell)
    lookout, watch, wake = (
        Lookout(board.state, leases, outside.predict),
        LeaseWatch(leases),
        threading.Event(),
    )
    wanted = WantedSessions(board.journal.database, now=leases.now)
    worker = Worker(lookout, leases, watch, requests, workshop, wake.set, wanted.forget)
    permitted = _permission(read_cores, token_auth=outside.token_auth)
    return Control(
        worker=worker,
        watch=watch,
        pull=PullDesk(lookout, leases, workshop, Again(leases)),
        presence=Presence(RoleFiles(board.state.folder), clock.now),
        recovery=Recovery(orch, leases, outside.place),
        owner=Ownership(board.state.folder, outside.leader),
        load_cores=read_cores,
        following=Following(worker, wanted, permitted, outside.alone),
        wake=wake,
    )


def _cores_reader(moc_root: Path) -> Callable[[], Cores]:
    return lambda: load_cores(moc_root / CORES_FILE, base=moc_root)


def _permission(read_cores: Callable[[], Cores], *, token_auth: bool) -> Callable[[str], Core]:
    def permitted(core_id: str) -> Core:
        cores = read_cores()
        core = cores.get(core_id)
        if core.mode == "command" and not (token_auth or cores.allow_commands_without_token):
            raise ForbiddenError(
                f"{core_id} runs a command: turn token authentication on, or set"
                " allow_commands_without_token = true in config/cores.toml"
            )
        return core

    return permitted


def _hashes(moc_root: Path, cores: Callable[[], Cores], outside: Outside) -> Hashes:
    def digest(name: str) -> str | None:
        folders = [core.cwd for core in cores().known.values() if core.mode == "command"]
        return artifact_sha256(name, [*folders, moc_root], outside.artifact_bytes)

    return Hashes(digest, outside.threads, outside.clock.monotonic)
