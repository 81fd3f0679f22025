"""What the pages show of the dispatcher (contract 4.1, orchestration panel)."""

from __future__ import annotations

from typing import Any

from orch_next.blueprints.errors import said
from orch_next.dispatcher.control import Control
from orch_next.errors import OrchError

OFFERED_CORES = ("WORK_AI_01", "AUDIT_AI_01", "CMD_AI_01")


def describe_dispatcher(control: Control) -> dict[str, Any]:
    """Return `/status`'s `dispatcher` and what one needs to work it.

    `cores`: those one may start; `limits`: tasks at a time of those that run; `frozen`: why
    nothing is handed out. What cannot be read is told under `problems[""]`; `frozen` is null then.
    """
    status = control.status()
    more: dict[str, Any] = {"cores": list(OFFERED_CORES), "limits": {}, "frozen": None}
    try:
        cores = control.load_cores()
        more["cores"] = list(dict.fromkeys([*OFFERED_CORES, *cores.known]))
        running = [one["coreId"] for one in status["processes"]]
        more["limits"] = {core_id: cores.get(core_id).limit for core_id in running}
        more["frozen"] = control.stats()["frozen"]
    except OrchError as error:
        status["problems"] = {**status["problems"], "": said(error)}
    return {**status, **more}
