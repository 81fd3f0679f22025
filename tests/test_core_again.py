"""A core whose answer was lost asks once more; nobody works twice because of that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.again import Again
from orch_next.core.lease_store import Lease, LeaseStore
from orch_next.core.lease_terms import hash_report, reported
from orch_next.errors import ConflictError, ForbiddenError, OrchError
from tests.dispatch_desk import Dispatch, make_dispatch, open_dispatch
from tests.lease_desk import row

CORE = "WORK_AI_01"
KEY = "鍵-1"
CORES = "[cores.WORK_AI_01]\n[cores.WORK_AI_02]\n[cores.WORK_MANY]\nlimit = 3\n"


class CutShort(LeaseStore):
    """A store whose process is killed before it notes how an attempt ended."""

    def end(self, *_args: Any, **_more: Any) -> bool:
        return False


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Dispatch]:
    made = make_dispatch(tmp_path, row("001") + row("002", artifact="C:\\成果.md"), CORES)
    yield made
    made.control.close()


def given(claimed: dict[str, Any] | None) -> dict[str, Any]:
    assert claimed is not None
    return claimed


def refused(desk: Dispatch, *said: Any) -> Any:
    with pytest.raises(ConflictError) as caught:
        desk.control.report(*said)
    return caught.value.present


def told_tasks(desk: Dispatch) -> list[str]:
    return [one["job_id"] for one in desk.heard("task_dispatched")]


def test_the_same_request_gets_the_same_lease_and_the_former_token_ends(desk: Dispatch) -> None:
    first = given(desk.control.claim(CORE, None, KEY))
    again = given(desk.control.claim(CORE, None, KEY))
    old, new = first.pop("token"), again.pop("token")
    assert (again, old == new) == (first, False)
    assert refused(desk, "001", old, "REVIEW")["status"] == "DOING"
    assert desk.control.report("001", new, "REVIEW")["status"] == "REVIEW"
    assert (told_tasks(desk), len(desk.control.attempts("001"))) == (["001"], 1)


def test_the_same_request_is_known_in_every_process_and_after_renewals(
    desk: Dispatch, tmp_path: Path
) -> None:
    token = given(desk.control.claim(CORE, "002", KEY))["token"]
    desk.turned.pass_time(900)
    desk.control.pull.renew("002", token)
    other = open_dispatch(tmp_path, desk.turned)
    again = given(other.control.claim(CORE, None, KEY))
    assert (again["task"]["id"], again["generation"]) == ("002", 1)
    with pytest.raises(ConflictError, match="is not yours"):
        desk.control.pull.renew("002", token)


def test_a_key_stands_for_one_claim_of_one_core_and_one_identity(desk: Dispatch) -> None:
    desk.control.claim(CORE, None, KEY)
    with pytest.raises(ConflictError, match="another payload"):
        desk.control.claim(CORE, "002", KEY)
    assert given(desk.control.claim("WORK_AI_02", None, KEY))["task"]["id"] == "002"
    assert desk.control.claim(CORE, None, KEY, "監査") is None
    assert desk.control.claim(CORE, None, "鍵-2") is None


def test_a_request_whose_lease_is_over_is_told_so(desk: Dispatch) -> None:
    token = given(desk.control.claim(CORE, None, KEY))["token"]
    desk.control.report("001", token, "READY")
    with pytest.raises(ConflictError, match="not yours any more"):
        desk.control.claim(CORE, None, KEY)
    desk.control.claim("WORK_AI_02", "001")
    with pytest.raises(ConflictError, match="not yours any more"):
        desk.control.claim(CORE, None, KEY)


def test_an_offer_is_fetched_once_by_the_same_request(desk: Dispatch) -> None:
    desk.control.start({"coreId": CORE})
    desk.control.step()
    first, again = (given(desk.control.claim(CORE, None, KEY)) for _ in range(2))
    assert [one["generation"] for one in (first, again)] == [1, 1]
    assert refused(desk, "001", first["token"], "FIX")
    assert desk.control.report("001", again["token"], "FIX")["status"] == "FIX"


def test_equal_requests_at_once_take_one_task(tmp_path: Path) -> None:
    rows = "".join(row(f"{n:03}") for n in range(1, 9))
    desks = [make_dispatch(tmp_path, rows, CORES), *(open_dispatch(tmp_path) for _ in range(3))]
    together = threading.Barrier(len(desks))

    def claim(desk: Dispatch) -> tuple[str, int]:
        together.wait()
        claimed = given(desk.control.claim("WORK_MANY", None, KEY))
        return claimed["task"]["id"], claimed["generation"]

    with ThreadPoolExecutor(len(desks)) as threads:
        found = list(threads.map(claim, desks))
    assert found == [("001", 1)] * len(desks)
    assert [one["job_id"] for one in desks[0].control.held()] == ["001"]


def test_two_agents_with_one_id_do_not_both_get_the_task(desk: Dispatch) -> None:
    desk.control.claim(CORE)
    assert desk.control.claim(CORE) is None
    with pytest.raises(ConflictError, match="WORK_AI_01 holds the lease"):
        desk.control.claim(CORE, "001")
    desk.turned.pass_time(59)
    assert desk.control.claim(CORE) is None


@pytest.mark.parametrize("named", [None, "001"])
def test_a_claim_that_was_never_used_is_told_again_after_the_start_seconds(
    desk: Dispatch, named: str | None
) -> None:
    lost = given(desk.control.claim(CORE))["token"]
    assert not Again(desk.control.leases).unused(CORE, named)
    desk.turned.pass_time(61)
    found = given(desk.control.claim(CORE, named))
    assert (found["task"]["id"], found["generation"]) == ("001", 1)
    assert refused(desk, "001", lost, "REVIEW")["status"] == "DOING"
    assert desk.control.claim(CORE) is None  # its time begins anew
    assert desk.control.report("001", found["token"], "REVIEW")["status"] == "REVIEW"


def test_a_claim_that_was_renewed_is_not_told_again(desk: Dispatch) -> None:
    token = given(desk.control.claim(CORE))["token"]
    assert not Again(desk.control.leases).unused(CORE, None)
    desk.control.pull.renew("001", token, 0)
    desk.turned.pass_time(600)
    assert desk.control.claim(CORE) is None
    assert desk.control.report("001", token, "REVIEW")["status"] == "REVIEW"


def test_a_core_with_room_for_more_gets_the_next_task_and_no_other_core_gets_it(
    desk: Dispatch,
) -> None:
    desk.control.claim("WORK_MANY")
    desk.turned.pass_time(61)
    assert given(desk.control.claim("WORK_MANY"))["task"]["id"] == "002"
    desk.turned.pass_time(61)
    assert desk.control.claim("WORK_MANY") is None
    assert desk.control.claim(CORE) is None


@pytest.mark.parametrize("status", ["REVIEW", "FIX", "READY"])
def test_the_identical_report_is_answered_as_the_first(
    desk: Dispatch, tmp_path: Path, status: str
) -> None:
    token = given(desk.control.claim(CORE))["token"]
    said = ("001", token, status, "C:\\成果.md", "済み")
    first = desk.control.report(*said)
    before = (tmp_path / "ORCH/STATE/TASKS.md").read_bytes()
    approvals = (tmp_path / "ORCH/STATE/APPROVALS.md").read_bytes()
    other = open_dispatch(tmp_path, desk.turned)
    assert [desk.control.report(*said), other.control.report(*said)] == [first, first]
    for another in (
        ("001", token, "READY" if status != "READY" else "FIX", "C:\\成果.md", "済み"),
        ("001", token, status, "C:\\別.md", "済み"),
        ("001", token, status, "C:\\成果.md", "済"),
        ("001", "1.stolen", status, "C:\\成果.md", "済み"),
    ):
        assert refused(desk, *another)["status"] == status
    assert (tmp_path / "ORCH/STATE/TASKS.md").read_bytes() == before
    assert (tmp_path / "ORCH/STATE/APPROVALS.md").read_bytes() == approvals
    assert len(desk.heard("job_finished")) == 1


def test_the_first_answer_stands_when_the_task_has_gone_on(desk: Dispatch) -> None:
    token = given(desk.control.claim(CORE))["token"]
    first = desk.control.report("001", token, "FIX")
    desk.edit("作業 001 | FIX", "作業 001 | DONE")
    assert desk.control.report("001", token, "FIX") == first
    desk.edit("作業 001 | DONE", "作業 001 | READY")
    desk.control.claim(CORE, "001")
    assert refused(desk, "001", token, "FIX")["status"] == "DOING"


def test_a_report_that_made_a_hold_is_answered_so_again(tmp_path: Path) -> None:
    desk = make_dispatch(tmp_path, row("001"), CORES, max_failures=1)
    token = given(desk.control.claim(CORE))["token"]
    first = desk.control.report("001", token, "FIX", message="失敗")
    assert first["status"] == "HOLD"
    assert desk.control.report("001", token, "FIX", message="失敗") == first


def test_a_report_that_was_never_applied_is_no_repetition(desk: Dispatch) -> None:
    token = given(desk.control.claim(CORE))["token"]
    mark = "<<<<<<< HEAD\n=======\n>>>>>>> x\n"
    desk.edit("| task_id |", f"{mark}| task_id |")
    with pytest.raises(OrchError):
        desk.control.report("001", token, "REVIEW")
    desk.edit(mark, "")
    # As a crash leaves it between the note and the ledger's write.
    said = hash_report(reported("REVIEW"))
    desk.control.leases.store.repeats.note_report("001", 1, said, "REVIEW")
    desk.turned.pass_time(36 * 60)
    desk.control.step()
    assert desk.status("001") == "READY"
    assert refused(desk, "001", token, "REVIEW")["status"] == "READY"


def test_a_report_whose_records_a_crash_cut_short_is_answered(desk: Dispatch) -> None:
    token = given(desk.control.claim(CORE))["token"]
    lease = desk.control.leases.known("001")
    whole = desk.control.leases.store
    desk.control.leases.store = CutShort(desk.board.journal.database)
    desk.control.report("001", token, "REVIEW")
    desk.control.leases.store = whole
    assert desk.control.leases.is_held(lease)
    assert desk.control.report("001", token, "REVIEW") == {"job_id": "001", "status": "REVIEW"}
    assert not desk.control.leases.is_held(lease)


def test_what_was_never_used_is_told_only_to_who_claimed_it(desk: Dispatch) -> None:
    desk.control.claim(CORE, None, None, "監査")
    assert not Again(desk.control.leases).unused(CORE, None, "監査")
    desk.turned.pass_time(61)
    assert [desk.control.claim(CORE, None, None, who) for who in ("", "他人")] == [None, None]
    with pytest.raises(ConflictError, match="WORK_AI_01 holds the lease"):
        desk.control.claim(CORE, "001", None, "他人")
    again = given(desk.control.claim(CORE, None, None, "監査"))
    assert (again["task"]["id"], again["generation"]) == ("001", 1)


@pytest.mark.parametrize("offered", [False, True])
def test_a_repeated_request_keeps_its_claimant(desk: Dispatch, offered: bool) -> None:
    if offered:
        desk.control.start({"coreId": CORE})
        desk.control.step()
    for _ in range(2):
        given(desk.control.claim(CORE, None, KEY, "監査"))
        assert desk.control.leases.known("001").claimant == "監査"
    assert desk.control.claim(CORE, None, KEY, "他人") is None


def test_a_repeated_report_asks_whose_token_it_is(desk: Dispatch) -> None:
    def refuse(lease: Lease) -> None:
        raise ForbiddenError(f"not {lease.claimant}")

    token = given(desk.control.claim(CORE, None, None, "監査"))["token"]
    said = ("001", token, "FIX", "", f"env: {token}")
    first = desk.control.report(*said)
    assert desk.control.report(*said) == first
    with pytest.raises(ForbiddenError, match="not 監査"):
        desk.control.report(*said, refuse)
    with pytest.raises(ConflictError):
        desk.control.report("001", "1.stolen", *said[2:], refuse)
