"""Findings about the legacy's dispatcher, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orch_next.migrate.dispatching.calls import Call
from orch_next.migrate.dispatching.cores_file import Found
from orch_next.migrate.dispatching.locks import Lock
from orch_next.migrate.dispatching.processes import Process
from orch_next.migrate.dispatching.schedules import Schedule
from orch_next.migrate.findings import Finding
from orch_next.migrate.settings.told import blocker, info, problem, warning


def tell_process(one: Process, call: Call) -> Finding:
    """Tell of a running dispatcher and how to stop it."""
    core = call.core_id or "?"
    return blocker(
        "dispatcher_running",
        f"process {one.pid}",
        f"Task-Dispatcher.ps1 still runs for {core}: stop it with the old page's button "
        f"(POST /dispatch/stop) or `Stop-Process -Id {one.pid}`, then run this again",
        f"Task-Dispatcher.ps1 が {core} で動いています。旧画面の停止ボタン (POST /dispatch/stop) か"
        f" `Stop-Process -Id {one.pid}` で止めてから、もう一度実行してください",
    )


def tell_hidden(pid: int) -> Finding:
    """Tell of a PowerShell whose command line is closed to us."""
    return warning(
        "process_hidden",
        f"process {pid}",
        "the command line of this PowerShell cannot be read; make sure that it is no dispatcher",
        "この PowerShell のコマンドラインを読めません。ディスパッチャーでないか確かめてください",
    )


def tell_schedule(one: Schedule) -> Finding:
    """Tell of a scheduled task, and how to end it when it is enabled."""
    kinds = ", ".join(one.triggers) or "-"
    if not one.is_enabled:
        return info(
            "schedule_disabled",
            one.name,
            f"this scheduled task started the dispatcher ({kinds}) and is disabled",
            f"ディスパッチャーを起動する予定 ({kinds}) ですが、無効になっています",
        )
    return warning(
        "schedule_enabled",
        one.name,
        f"this scheduled task starts the old dispatcher again ({kinds}): disable it with "
        f'`schtasks /change /tn "{one.name}" /disable`',
        f"この予定は旧ディスパッチャーを再び起動します ({kinds})。"
        f'`schtasks /change /tn "{one.name}" /disable` で無効にしてください',
    )


def tell_lock(one: Lock) -> Finding:
    """Tell of a lock file; nothing is done about it."""
    told = warning if one.state == "held" else info
    owner = f" by {one.owner}" if one.owner else ""
    until = f", until {one.expires}" if one.expires else ""
    return told(
        f"lock_{one.state}",
        one.file,
        f"lock of {one.task_id or 'something'}{owner}: {one.state}{until}; it is left alone",
        f"{one.task_id or '不明'} のロック {one.owner}: {one.state} {one.expires}。触りません",
    )


def tell_computed(where: str) -> Finding:
    """Tell of a call whose core is known only when it runs."""
    return problem(
        "core_computed",
        where,
        "the dispatcher is started here for a core that the script computes: add it to "
        "config/cores.toml by hand",
        "ここで起動するコアは実行時に決まります。config/cores.toml に手で加えてください",
    )


def tell_unreadable(where: str, error: Exception) -> Finding:
    """Tell of a source of schedules that cannot be read."""
    return problem(
        "schedule_unreadable",
        where,
        f"scheduled tasks cannot be read from here: {error}",
        f"ここから予定を読めません: {error}",
    )


def tell_cores(cores: Sequence[Found], known: Mapping[str, object]) -> Iterator[Finding]:
    """Tell of each core whether it is added or named already."""
    for one in cores:
        if one.core_id in known:
            yield info(
                "core_known",
                "config/cores.toml",
                f"{one.core_id} is named already; its entry stays as it is",
                f"{one.core_id} はすでにあるため、そのままにします",
            )
        else:
            yield info(
                "core_added",
                "config/cores.toml",
                f"{one.core_id} is added; start it with `{one.command}`",
                f"{one.core_id} を追加します。起動: `{one.command}`",
            )
