"""What a change of a task takes: the right to leave the one status and to set the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask

from orch_next.core.events import Who
from orch_next.core.schema import TASK_STATUSES
from orch_next.security.identities import ROLES, Identity
from orch_next.security.roles import actions_of_step, is_own_core
from tests.doors import NAMES, Doors, open_doors
from tests.signed import SECRET, deliver, mac

# status left -> who may make READY of it
LEAVE = {
    **{status: {"CMD", "WORK", "AUDIT"} for status in ("PLAN", "READY", "DOING", "REVIEW")},
    "FIX": {"CMD", "AUDIT"},
    **{status: {"CMD"} for status in ("HOLD", "DROP", "DONE")},
}


@pytest.fixture
def doors(make_app: Callable[..., Flask]) -> Doors:
    return open_doors(make_app, webhook_secret=SECRET)


def put(doors: Doors, status: str, task_id: str = "001") -> None:
    board = doors.app.extensions["orch_next"].board
    board.tasks.set_status(task_id, status, Who("人", "CMD"))


def test_who_may_lift_a_status(doors: Doors) -> None:
    got: dict[str, set[str]] = {}
    for status, role in product(TASK_STATUSES, ROLES):
        put(doors, status)
        answer = doors.post(role, "/api/tasks/promote", task_id="001")
        assert (answer.status_code, doors.status("001")) in ((200, "READY"), (403, status))
        if answer.status_code == 200:
            got.setdefault(status, set()).add(role)
    assert got == LEAVE


def test_who_may_ask_for_a_fix_of_what_is_done(doors: Doors) -> None:
    got = {}
    for role in ROLES:
        put(doors, "DONE")
        got[role] = doors.post(role, "/api/tasks/request_fix", task_id="001").status_code
    assert got == {"CMD": 200, "WORK": 403, "AUDIT": 403, "viewer": 403}


def test_in_open_mode_anybody_lifts_anything(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    got = []
    for verb in ("hold", "drop", "approve_done", "request_fix"):
        client.post(f"/api/tasks/{verb}", json={"task_id": "001"})
        got.append(client.post("/api/tasks/promote", json={"task_id": "001"}).status_code)
    assert got == [200] * 4


@pytest.mark.parametrize(
    ("before", "wanted", "status"),
    [
        *((before, "READY", 403) for before in ("HOLD", "DROP", "DONE", "FIX")),
        *((before, "PLAN", 403) for before in ("HOLD", "DROP", "DONE", "FIX")),
        *((before, "completed", 403) for before in ("HOLD", "FIX")),
        *((before, "FIX", 403) for before in ("PLAN", "READY", "REVIEW", "DONE", "HOLD")),
        ("REVIEW", "failed", 403),
        ("DOING", "failed", 202),
        ("DOING", "FIX", 202),
        ("FIX", "DOING", 202),
        ("READY", "DOING", 202),
        ("DOING", "completed", 202),
        ("REVIEW", "READY", 202),
        ("HOLD", "DONE", 403),
    ],
)
def test_a_callback_judges_nothing(doors: Doors, before: str, wanted: str, status: int) -> None:
    put(doors, before)
    body = json.dumps({"job_id": "001", "status": wanted}).encode()
    answer = deliver(doors.client(), body, X_Signature=mac(body))
    words = {"completed": "REVIEW", "failed": "FIX"}
    after = words.get(wanted, wanted) if status == 202 else before
    assert (answer.status_code, doors.status("001")) == (status, after)


def test_in_open_mode_a_callback_lifts_as_the_legacy_let_it(make_app: Callable[..., Flask]) -> None:
    client = make_app(webhook_secret=SECRET).test_client()
    client.post("/api/tasks/hold", json={"task_id": "001"})
    body = b'{"job_id": "001", "status": "READY"}'
    assert deliver(client, body, X_Signature=mac(body)).status_code == 202


def test_steps_and_what_they_take() -> None:
    got = {pair: actions_of_step(*pair) for pair in product(("FIX", "DONE", "DOING"), repeat=2)}
    assert got == {
        ("FIX", "FIX"): set(),
        ("FIX", "DONE"): {"decide"},
        ("FIX", "DOING"): set(),
        ("DONE", "FIX"): {"decide", "reopen"},
        ("DONE", "DONE"): set(),
        ("DONE", "DOING"): {"reopen"},
        ("DOING", "FIX"): {"decide"},
        ("DOING", "DONE"): {"decide"},
        ("DOING", "DOING"): set(),
    }


@pytest.mark.parametrize(
    ("owner", "may"),
    [
        ("CMD", {"CMD"}),
        ("CMD_AI_01", {"CMD"}),
        ("WORK", {"CMD", "WORK"}),
        ("AUDIT_AI_01", {"CMD", "AUDIT"}),
        ("-", {"CMD", "WORK", "AUDIT"}),
        ("PMO_X", {"CMD"}),
        ("Alice", {"CMD"}),
        ("外注 太郎", {"CMD"}),
        ("作業", {"CMD", "WORK"}),
    ],
)
def test_who_may_take_a_task_from_its_owner(doors: Doors, owner: str, may: set[str]) -> None:
    got = set()
    for role in ROLES:
        doors.post("CMD", "/api/tasks/update", task_id="001", owner=owner)
        answer = doors.post(role, "/api/tasks/update", task_id="001", owner="VIEW")
        got |= {role} if answer.status_code == 200 else set()
    assert got == may


def test_the_other_cells_of_anothers_task_stay_open(doors: Doors) -> None:
    doors.post("CMD", "/api/tasks/update", task_id="001", owner="CMD")
    got = doors.post("WORK", "/api/tasks/update", task_id="001", owner="CMD", notes="追記")
    assert (got.status_code, doors.task("001")["notes"]) == (200, "追記")


@pytest.mark.parametrize(
    ("role", "cores", "core", "is_own"),
    [
        ("CMD", (), ("PMO_X", "PMO"), True),
        ("WORK", (), ("WORK_AI_01", "WORK"), True),
        ("WORK", (), ("PMO_X", "PMO"), False),
        ("WORK", (), ("Alice", "Alice"), False),
        ("WORK", ("Alice",), ("Alice", "Alice"), True),
        ("WORK", ("Alice",), ("alice", "alice"), False),
        ("WORK", (), ("AUDIT_AI_01", "AUDIT"), False),
        ("AUDIT", (), ("AUDIT_AI_01", "AUDIT"), True),
        ("WORK", (), ("田中", ""), True),
        ("viewer", (), ("viewer", "viewer"), False),
    ],
)
def test_whose_core_it_is(
    role: str, cores: tuple[str, ...], core: tuple[str, str], is_own: bool
) -> None:
    assert is_own_core(Identity("0" * 12, "田中", role, "", cores), *core) is is_own


@pytest.mark.parametrize(
    ("who", "core", "status"),
    [
        ("WORK", "PMO_X", 403),
        ("WORK", "Alice", 403),
        ("WORK", "CMD_AI_01", 403),
        ("AUDIT", "WORK_AI_01", 403),
        ("WORK", "WORK_AI_01", 200),
        ("WORK", "a b", 400),
        ("CMD", "PMO_X", 200),
        ("外注", "Alice", 200),
        ("外注", "Bob", 403),
    ],
)
def test_who_claims_for_which_core(doors: Doors, who: str, core: str, status: int) -> None:
    doors.add("外注", "WORK", "Alice")
    assert doors.post(who, "/api/agents/claim", coreId=core).status_code == status


def test_the_cores_of_an_identity_can_be_changed(doors: Doors) -> None:
    doors.add("外注", "WORK", "Alice")
    identity = doors.identities.get("外注")
    doors.identities.set_cores(identity, ("Bob",))
    got = [doors.post("外注", "/api/agents/claim", coreId=core) for core in ("Alice", "Bob")]
    assert [one.status_code for one in got] == [403, 200]


def claim(doors: Doors, who: str) -> dict[str, str]:
    made = doors.post("CMD", "/api/tasks/create", title="図 | 作成", owner="WORK").get_json()["id"]
    put(doors, "READY", made)
    answer = doors.post(who, "/api/agents/claim", coreId="WORK_AI_01", task_id=made)
    return {"job_id": made, "token": answer.get_json()["token"]}


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/api/leases/renew", {}),
        ("/api/leases/report", {"status": "DOING"}),
        ("/api/leases/report", {"status": "READY"}),
        ("/api/leases/report", {"status": "REVIEW"}),
        ("/api/leases/report", {"status": "FIX"}),
    ],
)
def test_a_leases_token_is_its_claimants(doors: Doors, path: str, more: dict[str, str]) -> None:
    doors.add("同僚", "WORK")
    held = claim(doors, "WORK")
    others = [doors.post(who, path, **held, **more) for who in ("同僚", "CMD", "AUDIT")]
    assert [one.status_code for one in others] == [403] * 3
    assert doors.status(held["job_id"]) == "DOING"
    own = doors.post("WORK", path, **held, **more)
    assert own.status_code == 200


def test_the_token_of_cmd_serves_nobody_else(doors: Doors) -> None:
    held = claim(doors, "CMD")
    got = [doors.post(who, "/api/leases/renew", **held).status_code for who in ("WORK", "CMD")]
    assert got == [403, 200]


def test_a_wrong_token_is_late_for_everybody(doors: Doors) -> None:
    held = {**claim(doors, "WORK"), "token": "1.falsch"}
    got = [doors.post(who, "/api/leases/renew", **held).status_code for who in ("WORK", "CMD")]
    assert got == [409, 409]


def test_in_open_mode_the_token_alone_proves(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    made = client.post("/api/tasks/create", json={"title": "図", "owner": "WORK"}).get_json()["id"]
    client.post("/api/tasks/promote", json={"task_id": made})
    claimed = client.post("/api/agents/claim", json={"coreId": "WORK_AI_01"}).get_json()
    body = {"job_id": made, "token": claimed["token"]}
    assert client.post("/api/leases/renew", json=body).status_code == 200


def test_a_heartbeat_keeps_only_ones_own_lease(doors: Doors) -> None:
    doors.add("同僚", "WORK")
    task_id = claim(doors, "WORK")["job_id"]
    store = doors.app.extensions["orch_next"].control.leases.store
    got = []
    for who, at in (("同僚", 5_000.0), ("WORK", 6_000.0)):
        identity = doors.identities.get(NAMES.get(who, who))
        store.beat("WORK_AI_01", at, identity.id)
        got.append(store.find(task_id).heartbeat_at == at)
    assert got == [False, True]


def test_what_is_reported_never_shows_the_token(doors: Doors) -> None:
    held = claim(doors, "WORK")
    said = {"status": "FIX", "message": f"env: ORCH_TOKEN={held['token']}", "artifact": "a.md"}
    doors.post("WORK", "/api/leases/report", **held, **said)
    text = doors.get("CMD", "/audit/events?limit=1000").get_data(as_text=True)
    assert (held["token"] in text, "ORCH_TOKEN=[token]" in text) == (False, True)


AGENT_WRITES = ("heartbeat", "report", "remove", "register")


@pytest.mark.parametrize("verb", [*AGENT_WRITES, "update"])
def test_an_agent_belongs_to_who_added_it(doors: Doors, verb: str) -> None:
    doors.add("同僚", "WORK")
    doors.post("WORK", "/api/agents/register", id="agent-7")
    got = [doors.post(who, f"/api/agents/{verb}", id="agent-7") for who in ("同僚", "WORK")]
    assert [one.status_code for one in got] == [403, 200]


@pytest.mark.parametrize("verb", AGENT_WRITES)
def test_the_agents_of_other_roles_are_theirs(doors: Doors, verb: str) -> None:
    got = {
        key: doors.post("WORK", f"/api/agents/{verb}", id=key).status_code
        for key in ("WORK_AI_01", "CMD_AI_01", "AUDIT_AI_01")
    }
    assert got == {"WORK_AI_01": 200, "CMD_AI_01": 403, "AUDIT_AI_01": 403}


def test_who_added_an_agent_is_shown_to_nobody(doors: Doors) -> None:
    doors.post("WORK", "/api/agents/register", id="agent-7")
    (agent,) = doors.get("viewer", "/api/agents/list").get_json()
    assert "registered_by" not in agent


TRAINING = ("train", "train/cancel", "retrain/start", "retrain/stop", "retrain/manual")


@pytest.mark.parametrize("path", TRAINING)
def test_training_is_cmds(doors: Doors, path: str) -> None:
    got = [doors.post(role, f"/api/ml/{path}").status_code == 403 for role in ROLES]
    assert got == [False, True, True, True]
