import pytest

from orch_next.core.series import Series, find_series, highest_numbers, split_id


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["001", "022"], "023"),
        (["9"], "10"),
        (["T-101"], "T-102"),
        (["098", "099"], "100"),
        ([], "001"),
        (["改善", "調査"], "001"),
        (["001", "002", "deploy-004"], "003"),
        (["001", "deploy-004"], "deploy-005"),
        (["deploy-004", "001"], "002"),
        (["7", "007", "6"], "008"),
        (["作業-٣", "作業-4"], "作業-5"),
        (["v1.9", "v1.10"], "v1.11"),
        (["9" * 20], "99" + "1" + "0" * 18),
    ],
)
def test_a_new_id_continues_the_ledgers_style(ids: list[str], expected: str) -> None:
    assert find_series(ids).id_after(0) == expected


def test_a_higher_mark_wins() -> None:
    assert Series("T-", 3, 3).id_after(41) == "T-042"
    assert Series("T-", 50, 3).id_after(41) == "T-051"


def test_the_number_is_the_trailing_ascii_digits() -> None:
    assert split_id("A-07") == ("A-", "07")
    assert [split_id(text) for text in ("改善", "", "A-٣", "7a")] == [None] * 4


def test_highest_numbers_by_prefix() -> None:
    assert highest_numbers(["001", "T-9", "010", "T-10", "x"]) == {"": 10, "T-": 10}
