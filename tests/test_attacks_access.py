"""What attacks on roles, leases, sessions and the door of a real server have to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests import attacks_access as attacks
from tests.attacks_access import Target, running_target

SEEN: dict[Callable[[Target], object], object] = {
    attacks.lift_verdicts: {status: (403, status) for status in ("HOLD", "DROP", "DONE")},
    attacks.take_cmds_task: (403, 409),
    attacks.claim_for_strangers: [403] * 4,
    attacks.use_a_stolen_lease: {"renew": 403, "report": 403, "give back": 403, "own": 200},
    attacks.read_the_audit: {"viewer sees": False, "cmd sees": True, "typed": False},
    attacks.replay_a_cookie: (200, 401),
    attacks.rebind: {"plain": 421, "forwarded": 421, "listed": 421, "own": 200},
    attacks.act_from_another_port: {"hold": 401, "dispatch": 401, "stop": 401, "login": 403},
    attacks.hide_a_request: {400},
    attacks.slip_an_action: {(403, True)},
    attacks.forge_a_log_line: False,
    attacks.use_anothers_key: False,
    attacks.guess_a_password: ({401, 429}, 200),
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running_target(tmp_path_factory.mktemp("attacked")) as running:
        yield running


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.__name__)
def test_what_an_attack_sees(target: Target, attack: Callable[[Target], object]) -> None:
    assert attack(target) == SEEN[attack]


def test_after_all_of_them_the_server_answers(target: Target) -> None:
    assert target.ask("viewer", "/api/tasks").status == 200
