"""Test tool: attacks on roles, leases, sessions and the door of a real server with tokens.

`python -m tests.attacks_access` plays all of them and prints what was seen;
`tests/test_attacks_access.py` says what has to be seen. Each attack takes a `Target` and leaves one
that others can attack as well.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from orch_next.security import Identities
from tests.servers import Server, running_server
from tests.test_serving_framing import BODY, FORGED, HEAD, HIDDEN, answers

ROLES = ("CMD", "WORK", "AUDIT", "viewer")
OTHER_PORT = "http://127.0.0.1:9"
ENV = {
    "ORCH_AUTH": "token",
    "ORCH_TRUSTED_PROXIES": "1",
    "ORCH_TRUSTED_HOSTS": "orch.example",
    "ORCH_CORS_ORIGINS": OTHER_PORT,
}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    """A status, the headers and the body's text."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Target:
    """A server in token mode, its identities, and a token for each role."""

    server: Server
    identities: Identities
    tokens: Mapping[str, str]

    def ask(self, who: str, path: str, **body: Any) -> Answer:
        """Post a JSON object as a role; without a body get the path."""
        headers = {**JSON, "Authorization": f"Bearer {self.tokens[who]}"} if who else dict(JSON)
        return self.send("POST" if body else "GET", path, json.dumps(body), headers)

    def send(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> Answer:
        """Send what browsers would not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        with closing(connection):
            connection.request(method, path, body.encode() if method == "POST" else None, headers)
            got = connection.getresponse()
            return Answer(got.status, dict(got.getheaders()), got.read().decode("utf-8", "replace"))

    def make_task(self, status: str = "READY", owner: str = "WORK") -> str:
        """Return a new task's id."""
        task_id = str(self.ask("CMD", "/api/tasks/create", title="図面", owner=owner).json["id"])
        verbs = {"READY": "promote", "HOLD": "hold", "DROP": "drop", "DONE": "approve_done"}
        self.ask("CMD", f"/api/tasks/{verbs[status]}", task_id=task_id)
        return task_id

    def status(self, task_id: str) -> str:
        """Return a task's present status."""
        return str(self.ask("CMD", f"/jobs/{task_id}").json["status"])

    def cookie(self, role: str) -> str:
        """Return a fresh session's cookie."""
        form = urlencode({"token": self.tokens[role]})
        return self.send("POST", "/login", form, FORM).headers["Set-Cookie"].split(";")[0]


@contextmanager
def running_target(folder: Path, mode: str = "serve") -> Iterator[Target]:
    """Run a server and give it an identity of each role."""
    with running_server(folder, mode, env=ENV) as server:
        database = server.orch_root.parent / "data" / "orch-next.db"
        identities = Identities(f"sqlite:///{database}")
        tokens = {role: identities.add(f"{role} 係", role)[1] for role in ROLES}
        yield Target(server, identities, tokens)


def lift_verdicts(target: Target) -> dict[str, tuple[int, str]]:
    """WORK promotes what CMD held, dropped or closed."""
    found = {}
    for status in ("HOLD", "DROP", "DONE"):
        task_id = target.make_task(status)
        answer = target.ask("WORK", "/api/tasks/promote", task_id=task_id)
        found[status] = (answer.status, target.status(task_id))
    return found


def take_cmds_task(target: Target) -> tuple[int, int]:
    """WORK makes itself the owner of CMD's task and claims it."""
    task_id = target.make_task(owner="CMD")
    owned = target.ask("WORK", "/api/tasks/update", task_id=task_id, owner="WORK")
    claimed = target.ask("WORK", "/api/agents/claim", coreId="WORK_AI_01", task_id=task_id)
    return owned.status, claimed.status


def claim_for_strangers(target: Target) -> list[int]:
    """WORK claims for cores that are nobody's of its role."""
    cores = ("PMO_X", "Alice", "CMD_AI_01", "viewer")
    return [target.ask("WORK", "/api/agents/claim", coreId=core).status for core in cores]


def use_a_stolen_lease(target: Target) -> dict[str, int]:
    """Others renew and end the lease that CMD claimed, with its token."""
    task_id = target.make_task()
    claimed = target.ask("CMD", "/api/agents/claim", coreId="WORK_AI_01", task_id=task_id).json
    held = {"job_id": task_id, "token": claimed["token"]}
    return {
        "renew": target.ask("WORK", "/api/leases/renew", **held).status,
        "report": target.ask("WORK", "/api/leases/report", **held, status="REVIEW").status,
        "give back": target.ask("AUDIT", "/api/leases/report", **held, status="READY").status,
        "own": target.ask("CMD", "/api/leases/report", **held, status="READY").status,
    }


def read_the_audit(target: Target) -> dict[str, bool]:
    """A viewer looks for a password that somebody typed where the name belongs."""
    typed = "geheim-passwort-1"
    target.ask("", "/api/security/login", username=typed, password="違う合言葉です。")
    paths = (
        *("/audit/events?limit=1000", "/api/history?kind=security", "/api/v3/task-timeline"),
        *("/api/knowledge/search?q=login", "/api/security/audit"),
    )
    texts = {path: target.ask("viewer", path).text for path in paths}
    everywhere = "".join(target.ask("CMD", path).text for path in paths)
    seen = any("login_failed" in text for text in texts.values())
    return {
        "viewer sees": seen,
        "cmd sees": "login_failed" in everywhere,
        "typed": typed in everywhere,
    }


def replay_a_cookie(target: Target) -> tuple[int, int]:
    """Use a copied cookie before and after its owner has logged out."""
    cookie = {"Cookie": target.cookie("WORK")}
    before = target.send("GET", "/api/tasks", "", cookie).status
    target.send("POST", "/logout", "", cookie)
    return before, target.send("GET", "/api/tasks", "", cookie).status


def rebind(target: Target) -> dict[str, int]:
    """Reach the server under a foreign name, as a page whose name suddenly means 127.0.0.1."""
    bearer = {"Authorization": f"Bearer {target.tokens['viewer']}"}
    ways: dict[str, dict[str, str]] = {
        "plain": {"Host": "evil.example:5001"},
        "forwarded": {"Host": "evil.example:5001", "X-Forwarded-Host": "127.0.0.1"},
        "listed": {"Host": "evil.example", "X-Forwarded-Host": "orch.example"},
        "own": {"Host": "orch.example", "X-Forwarded-Host": "orch.example"},
    }
    got = {way: target.send("GET", "/api/tasks", "", {**bearer, **ways[way]}) for way in ways}
    return {way: answer.status for way, answer in got.items()}


def act_from_another_port(target: Target) -> dict[str, int]:
    """A page on another port of the host, which CORS allows, acts with the victim's cookie."""
    cookie = {"Cookie": target.cookie("CMD"), "Origin": OTHER_PORT}
    task = json.dumps({"task_id": target.make_task()})
    plain = {**cookie, "Content-Type": "text/plain"}
    form = urlencode({"token": target.tokens["WORK"]})
    return {
        "hold": target.send("POST", "/api/tasks/hold", task, {**cookie, **JSON}).status,
        "dispatch": target.send("POST", "/dispatch", '{"coreId": "WORK_AI_01"}', plain).status,
        "stop": target.send("POST", "/dispatch/stop", "", plain).status,
        "login": target.send("POST", "/login", form, {**FORM, "Origin": OTHER_PORT}).status,
    }


def guess_a_password(target: Target) -> tuple[set[int], int]:
    """Guess at one name; return the answers, and that of a good token meanwhile."""
    name = f"標的-{len(target.identities.list_all())}"
    target.identities.add_with_password(name, "viewer", "正しい馬の電池ホッチキス42")
    body = {"username": name, "password": "違う合言葉です。"}
    codes = {target.ask("", "/api/security/login", **body).status for _ in range(12)}
    return codes, target.ask("viewer", "/api/tasks").status


def hide_a_request(target: Target) -> set[int]:
    """Hide a second request behind an unclear end of the first."""
    sent = (f"{HEAD}{forged}\r\n{BODY}{HIDDEN}" for forged in FORGED.values())
    return {status for text in sent for status in answers(target.server, text)}


def slip_an_action(target: Target) -> set[tuple[int, bool]]:
    """End an id with a line end, so that a pattern does not see the action."""
    paths = ("/api/approval/A002%0A/update", "/jobs/003%0A/approve")
    got = [target.ask("WORK", path, approver_role="AUDIT") for path in paths]
    return {(one.status, "decide needs the role" in one.text) for one in got}


def forge_a_log_line(target: Target) -> bool:
    """Ask for a path with a line end and a colour; tell whether the log shows them raw."""
    target.send("GET", "/x%0A2026-01-01%20INFO%20approved%1b[31m", "", {})
    log = target.server.log()
    return "\n2026-01-01 INFO approved" in log or "\x1b[31m" in log


def use_anothers_key(target: Target) -> bool:
    """Send CMD's Idempotency-Key as WORK; tell whether it answers with CMD's task."""
    body = json.dumps({"title": "同じ題", "owner": "WORK"})
    made = []
    for role in ("CMD", "WORK"):
        bearer = {"Authorization": f"Bearer {target.tokens[role]}", "Idempotency-Key": "k-7"}
        made.append(target.send("POST", "/api/tasks/create", body, {**JSON, **bearer}).json["id"])
    return bool(made[0] == made[1])


ATTACKS: tuple[Callable[[Target], object], ...] = (
    *(lift_verdicts, take_cmds_task, claim_for_strangers, use_a_stolen_lease, read_the_audit),
    *(replay_a_cookie, rebind, act_from_another_port, hide_a_request, slip_an_action),
    *(forge_a_log_line, use_anothers_key, guess_a_password),
)


def main() -> int:
    """Play every attack and print what was seen."""
    with tempfile.TemporaryDirectory() as folder, running_target(Path(folder)) as target:
        for attack in ATTACKS:
            sys.stdout.write(f"{attack.__name__}: {attack(target)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
