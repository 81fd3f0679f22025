"""The dispatcher's routes: the contract's answers, strict bodies, leases, roles, the page."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.dispatcher.following import WAITING
from orch_next.security import Identities
from tests.dispatch_desk import OK, cores_toml

PULL, SCRIPT = "WORK_AI_01", "WORK_SCRIPT_01"
COMMAND = ["orch-next", "dispatch", "--core-id", PULL, "--stay", "--enable-orch-integration"]


@pytest.fixture
def app(make_app: Callable[..., Flask], orch_root: Path) -> Flask:
    return dispatching(make_app, orch_root)


def dispatching(
    make_app: Callable[..., Flask], root: Path, *, allow: bool = True, **more: Any
) -> Flask:
    """Return an app that may dispatch, though nothing runs in the background."""
    (root.parent / "config").mkdir(exist_ok=True)
    cores = cores_toml({SCRIPT: OK}, allow=allow)
    (root.parent / "config" / "cores.toml").write_text(cores, encoding="utf-8")
    app = make_app(**more)
    app.extensions["orch_next"].leader.claim()
    return app


@pytest.fixture
def ready(client: FlaskClient) -> str:
    """Make a task READY that nobody has locked, and return its id."""
    task_id: str = client.post(
        "/api/tasks/create", json={"title": "図 | 作成", "owner": "WORK"}
    ).get_json()["id"]
    client.post("/api/tasks/promote", json={"task_id": task_id})
    return task_id


def step(app: Flask) -> None:
    app.extensions["orch_next"].control.step()


def status_of(client: FlaskClient, task_id: str) -> str:
    status: str = client.get(f"/jobs/{task_id}").get_json()["status"]
    return status


def test_a_session_is_opened_shown_and_stopped(client: FlaskClient) -> None:
    opened = client.post("/dispatch", json={"coreId": PULL})
    pid = opened.get_json()["pid"]
    assert (opened.status_code, opened.get_json(), type(pid)) == (
        200,
        {"success": True, "pid": pid, "command": " ".join([*COMMAND, "--interval", "5"])},
        int,
    )
    assert (
        client.post("/dispatch", json={"coreId": PULL, "stay": False}).get_json()
        == opened.get_json()
    )
    assert client.get("/status").get_json()["dispatcher"] == {
        "running": True,
        "processes": [
            {
                "pid": pid,
                "name": "orch-next",
                "cmdline": [*COMMAND, "--interval", "5"],
                "coreId": PULL,
                "intervalSec": 5,
                "stay": True,
                "enableOrchIntegration": True,
            }
        ],
        "problems": {},
        "draining": [],
    }
    stopped = {"success": True, "stopped": [pid], "stopped_pids": [pid]}
    assert client.post("/dispatch/stop", json={"coreId": PULL}).get_json() == stopped
    assert client.post("/dispatch/stop").get_json() == {
        "success": True,
        "stopped": [],
        "stopped_pids": [],
    }
    assert client.get("/status").get_json()["dispatcher"]["running"] is False


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{}", "coreId は必須です"),
        ('{"coreId": ""}', "coreId は必須です"),
        ('{"coreId": null}', "coreId は必須です"),
        ('{"coreId": 1}', "coreId must be a string"),
        ('{"coreId": "x; rm -rf /"}', "coreId may hold 1 to 64 of A-Z a-z 0-9 _ . -"),
        ('{"coreId": "コア"}', "coreId may hold 1 to 64 of A-Z a-z 0-9 _ . -"),
        ('{"coreId": "W", "action": "Stop"}', "action must be Dispatch"),
        ('{"coreId": "W", "stay": "false"}', "stay must be true or false"),
        ('{"coreId": "W", "stay": 1}', "stay must be true or false"),
        (
            '{"coreId": "W", "enableOrchIntegration": 0}',
            "enableOrchIntegration must be true or false",
        ),
        ('{"coreId": "W", "intervalSec": "5"}', "intervalSec must be a whole number"),
        ('{"coreId": "W", "intervalSec": 1.5}', "intervalSec must be a whole number"),
        ('{"coreId": "W", "intervalSec": -1}', "intervalSec must be between 0 and 86400"),
        ("[]", "the body must be a JSON object"),
    ],
)
def test_a_wrong_body_is_refused(client: FlaskClient, body: str, message: str) -> None:
    answer = client.post("/dispatch", data=body)
    assert (answer.status_code, answer.get_json()) == (400, {"success": False, "message": message})
    assert client.get("/status").get_json()["dispatcher"]["running"] is False


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"coreId": "W", "coreId": "X"}'])
def test_a_malformed_body_starts_nothing(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/dispatch", data=body)
    assert (answer.status_code, answer.get_json()["success"]) == (400, False)
    assert client.get("/status").get_json()["dispatcher"]["running"] is False


def test_a_malformed_body_stops_all_as_in_the_legacy_and_a_wrong_core_none(
    client: FlaskClient,
) -> None:
    client.post("/dispatch", json={"coreId": PULL})
    assert client.post("/dispatch/stop", json={"coreId": 5}).status_code == 400
    assert client.post("/dispatch/drain", data="{").status_code == 400
    assert client.post("/dispatch/stop", json={"coreId": "OTHER"}).get_json()["stopped"] == []
    assert len(client.post("/dispatch/stop", data="{").get_json()["stopped"]) == 1


def test_drain_and_nudge_name_the_sessions(app: Flask, client: FlaskClient) -> None:
    client.post("/dispatch", json={"coreId": PULL})
    assert client.post("/dispatch/nudge").get_json() == {"success": True, "nudged": [PULL]}
    drained = client.post("/dispatch/drain", json={"coreId": PULL}).get_json()
    assert drained == {"success": True, "draining": [PULL]}
    step(app)
    assert client.get("/status").get_json()["dispatcher"]["running"] is False


def test_a_bad_cores_file_is_the_contracts_500(client: FlaskClient, orch_root: Path) -> None:
    path = orch_root.parent / "config" / "cores.toml"
    path.write_text("[cores.W]\nlimits = 1\n", encoding="utf-8")
    answer = client.post("/dispatch", json={"coreId": PULL})
    assert (answer.status_code, answer.get_json()) == (
        500,
        {
            "success": False,
            "message": "Dispatcher起動に失敗しました",
            "detail": "config/cores.toml: unknown key: cores.W.limits",
        },
    )
    assert client.get("/console").status_code == 200


def test_who_does_not_own_the_background_passes_the_wish_on(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    assert client.post("/dispatch", json={"coreId": PULL}).get_json()["success"] is True
    status = client.get("/status").get_json()["dispatcher"]
    assert (status["running"], status["problems"]) == (True, {PULL: WAITING})
    assert client.post("/dispatch/stop", json={}).get_json()["stopped"] == [os.getpid()]
    assert client.get("/status").get_json()["dispatcher"]["running"] is False


def test_a_command_needs_tokens_or_the_operators_word(
    make_app: Callable[..., Flask], orch_root: Path
) -> None:
    client = dispatching(make_app, orch_root, allow=False).test_client()
    answer = client.post("/dispatch", json={"coreId": SCRIPT})
    assert (answer.status_code, "allow_commands_without_token" in answer.get_json()["message"]) == (
        *(403, True),
    )


def test_a_claim_a_renewal_and_a_report(client: FlaskClient, ready: str) -> None:
    claimed = client.post("/api/agents/claim", json={"coreId": PULL}).get_json()
    token = claimed.pop("token")
    task = claimed.pop("task")
    assert (task["id"], task["status"], task["lock_owner"]) == (ready, "DOING", PULL)
    assert claimed == {
        "success": True,
        "coreId": PULL,
        "role": "WORK",
        "attempt": 1,
        "generation": 1,
        "lock_expires_at": "2025-10-09T03:34:05Z",
        "feedback": "",
    }
    assert client.post("/api/agents/claim", json={"id": PULL}).get_json() == {
        "success": True,
        "task": None,
    }
    (lease,) = client.get("/api/leases").get_json()["leases"]
    assert (lease["job_id"], lease["coreId"], token in str(lease)) == (ready, PULL, False)
    holder = {"job_id": ready, "token": token}
    renewed = client.post("/api/leases/renew", json={**holder, "seconds": 60}).get_json()
    ends = {"lock_expires_at": "2025-10-09T03:34:05Z", "heartbeat_until": "2025-10-09T03:09:05Z"}
    assert renewed == {"success": True, "job_id": ready, **ends}
    report = {**holder, "status": "REVIEW", "artifact": "ORCH/成果.md"}
    done, again = (client.post("/api/leases/report", json=report) for _ in range(2))
    assert done.get_json() == {"success": True, "job_id": ready, "status": "REVIEW"}
    assert (again.status_code, again.get_json()) == (200, done.get_json())
    late = client.post("/api/leases/report", json={**report, "status": "FIX"})
    assert (late.status_code, late.get_json()["present"]["status"]) == (409, "REVIEW")
    (attempt,) = client.get(f"/jobs/{ready}/attempts").get_json()["attempts"]
    assert (attempt["core"], attempt["outcome"]) == (PULL, "done")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/agents/claim", {}),
        ("/api/agents/claim", {"coreId": "a b"}),
        ("/api/agents/claim", {"coreId": 5}),
        ("/api/leases/renew", {"job_id": "001"}),
        ("/api/leases/renew", {"job_id": "001", "token": "t", "seconds": "9"}),
        ("/api/leases/renew", {"job_id": "001", "token": "t", "seconds": True}),
        ("/api/leases/report", {"job_id": "001", "token": "t"}),
        ("/api/leases/report", {"job_id": "001", "token": "t", "status": "DONE"}),
        (
            "/api/leases/report",
            {"job_id": "001", "token": "t", "status": "FIX", "artifact": "a\nb"},
        ),
    ],
)
def test_a_wrong_member_changes_nothing(
    client: FlaskClient, orch_root: Path, path: str, body: dict[str, Any]
) -> None:
    before = (orch_root / "STATE" / "TASKS.md").read_bytes()
    assert client.post(path, json=body).status_code == 400
    assert (orch_root / "STATE" / "TASKS.md").read_bytes() == before


def test_a_named_task_is_claimed_or_the_reasons_are_told(client: FlaskClient, ready: str) -> None:
    taken = client.post("/api/agents/claim", json={"coreId": PULL, "task_id": "001"})
    assert (taken.status_code, "REVIEW" in taken.get_json()["error"]) == (409, True)
    unknown = client.post("/api/agents/claim", json={"coreId": PULL, "task_id": "鬼"})
    assert unknown.status_code == 404
    named = client.post("/api/agents/claim", json={"coreId": PULL, "task_id": ready})
    assert named.get_json()["task"]["id"] == ready


def test_explain_and_dry_run(client: FlaskClient, ready: str) -> None:
    found = client.get(f"/api/dispatch/explain/001?coreId={PULL}").get_json()
    assert [reason["code"] for reason in found["reasons"]] == ["status", "approval"]
    assert client.get("/api/dispatch/explain/a/b").status_code == 404
    plan = client.get(f"/api/dispatch/dry-run?coreId={PULL}").get_json()
    assert [(one["task_id"], one["taken"]) for one in plan["tasks"]] == [(ready, True)]
    missing = client.get("/api/dispatch/dry-run")
    assert (missing.status_code, missing.get_json()) == (400, {"error": "coreId は必須です"})


def test_a_log_is_read_from_an_offset(app: Flask, client: FlaskClient, ready: str) -> None:
    client.post("/dispatch", json={"coreId": SCRIPT, "stay": False})
    while status_of(client, ready) in ("READY", "DOING"):
        step(app)
    log = client.get(f"/jobs/{ready}/log").get_json()
    assert log == {
        "job_id": ready,
        "attempt": 1,
        "offset": 0,
        "next_offset": 28,
        "text": "作業\nORCH_ARTIFACT=out.md\n",
        "ended": True,
    }
    rest = client.get(f"/jobs/{ready}/log?offset=7&attempt=1").get_json()
    assert rest["text"] == "ORCH_ARTIFACT=out.md\n"
    for offset in (28, 2**44, 2**53, 2**63, 10**400):
        far = client.get(f"/jobs/{ready}/log?offset={offset}")
        assert (far.status_code, far.get_json()["text"]) == (
            200,
            log["text"] if offset >= 10**19 else "",
        )
    assert client.get(f"/jobs/{ready}/log?attempt=9").status_code == 404
    assert client.get("/jobs/001/log").get_json() == {"error": "no log of '001'"}


def test_locks_of_others_stay_until_a_person_sweeps(client: FlaskClient) -> None:
    assert client.get("/api/leases").get_json()["foreign"] == [
        {
            "task_id": "002",
            "status": "PLAN",
            "lock": "WORK@2025-10-07T12:00:00Z",
            "lock_owner": "WORK",
            "lock_expires_at": "2025-10-07T12:30:00Z",
            "expired": True,
        }
    ]
    swept = client.post("/api/leases/sweep", json={"actor": "田中"}).get_json()
    assert swept == {"success": True, "swept": ["002"]}
    assert client.get("/api/leases").get_json()["foreign"] == []
    (entry,) = client.get("/audit/events?type=task_lock_swept").get_json()
    assert (entry["user_id"], entry["resource_id"]) == ("田中", "002")


def test_roles(make_app: Callable[..., Flask], orch_root: Path) -> None:
    app = dispatching(make_app, orch_root, auth="token", allow=False)
    people = Identities(app.extensions["orch_next"].settings.database)
    tokens = {
        role: people.add(f"人-{role}", role)[1] for role in ("CMD", "WORK", "AUDIT", "viewer")
    }

    def statuses(path: str, **body: str) -> list[int]:
        return [
            app.test_client()
            .post(path, json=body, headers={"Authorization": f"Bearer {token}"})
            .status_code
            for token in tokens.values()
        ]

    assert statuses("/dispatch", coreId=SCRIPT) == [200, 403, 403, 403]
    assert statuses("/dispatch/stop") == [200, 403, 403, 403]
    assert statuses("/api/leases/sweep") == [200, 403, 403, 403]
    assert statuses("/api/agents/claim", coreId=PULL) == [200, 200, 403, 403]
    assert statuses("/api/agents/claim", coreId="AUDIT_AI_01") == [200, 403, 200, 403]
    assert app.test_client().post("/dispatch").status_code == 401


@pytest.mark.parametrize("path", ["/", "/console"])
def test_the_panel_has_the_contracts_ids(client: FlaskClient, path: str) -> None:
    html = client.get(f"{path}?lang=en").get_data(as_text=True)
    ids = (
        *("orch-control-panel", "orch-dispatcher-state", "orch-core-id", "orch-interval-sec"),
        "orch-stay-flag",
        "orch-enable-orch-flag",
        "btn-dispatch-start",
        "btn-dispatch-stop",
    )
    assert [name for name in (*ids, "orch-log-panel") if html.count(f'id="{name}"') != 1] == []


def test_what_the_panel_reads_tells_sessions_cores_and_locks(client: FlaskClient) -> None:
    client.post("/dispatch", json={"coreId": PULL, "intervalSec": 7})
    held = client.get("/api/leases").get_json()
    told, locks = held["dispatcher"], [lock["lock"] for lock in held["foreign"]]
    assert [(one["coreId"], one["intervalSec"]) for one in told["processes"]] == [(PULL, 7)]
    assert (SCRIPT in told["cores"], "WORK@2025-10-07T12:00:00Z" in locks) == (True, True)


@pytest.mark.parametrize(("uses", "order"), [(False, ["first", "then"]), (True, ["then", "first"])])
def test_predictions_decide_only_where_the_configuration_says_so(
    make_app: Callable[..., Flask], orch_root: Path, uses: bool, order: list[str]
) -> None:
    client = dispatching(make_app, orch_root, scheduler_uses_predictions=uses).test_client()
    ids = {}
    for name in ("first", "then"):
        made = client.post("/api/tasks/create", json={"title": name, "owner": "WORK"}).get_json()[
            "id"
        ]
        client.post("/api/tasks/promote", json={"task_id": made})
        ids[name] = made
    for at in range(20):
        name = ("first", "then")[at % 2]
        body = {"task_id": ids[name], "operation_type": PULL, "success": name == "then"}
        saved = client.post(
            "/api/knowledge/save_outcome", json={**body, "execution_time_ms": 1_000 + at}
        )
        assert saved.status_code == 200
    plan = client.get(f"/api/dispatch/dry-run?coreId={PULL}").get_json()["tasks"]
    assert [one["title"] for one in plan] == order
    told = client.get(f"/api/dispatch/explain/{ids['then']}?coreId={PULL}").get_json()["prediction"]
    assert (told or {}).get("decided", False) is uses
