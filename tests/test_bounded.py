from __future__ import annotations

from orch_next.bounded import Bounded


def test_it_keeps_what_was_asked_for_last():
    kept: Bounded[str, str] = Bounded(2)
    kept.put("作業", "1")
    kept.put("C:\\x", "2")
    kept.get("作業")
    kept.put("third", "3")
    assert (kept.values(), kept.get("C:\\x")) == (["1", "3"], None)


def test_a_flood_of_keys_stays_within_number_and_size():
    kept: Bounded[int, bytes] = Bounded(100, most_size=1_000, size=len)
    for key in range(10_000):
        kept.put(key, b"x" * 99)
    assert len(kept) == 10
    kept.put(0, b"x" * 1_001)
    assert (len(kept), kept.get(0)) == (0, None)


def test_a_value_that_is_put_again_or_taken_leaves_room():
    kept: Bounded[str, bytes] = Bounded(9, most_size=10, size=len)
    for _ in range(5):
        kept.put("a", b"12345678")
    kept.put("b", b"12")
    assert (kept.pop("a"), kept.pop("a"), kept.values()) == (b"12345678", None, [b"12"])
