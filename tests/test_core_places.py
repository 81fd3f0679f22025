"""Which host may judge the processes of which."""

from __future__ import annotations

import pytest

from orch_next.core.places import Place
from orch_next.dispatcher.host import find_place

BARE = Place("甲", "m1", "b1")
CONTAINER = Place("c1", "", "b1", "pid:[9]")


@pytest.mark.parametrize(
    ("here", "there", "sees", "outlived"),
    [
        (BARE, BARE, True, False),
        (BARE, Place("甲-renamed", "m1", "b1"), True, False),
        (BARE, Place("甲", "m1", "b0"), False, True),
        (BARE, Place("甲", "m2", "b0"), False, False),
        (BARE, Place("乙", "m1", "b0"), False, False),  # a copy of a machine has its id
        (BARE, CONTAINER, False, False),
        (CONTAINER, CONTAINER, True, False),
        (CONTAINER, Place("c1", "", "b1", "pid:[8]"), False, False),
        (CONTAINER, Place("c1", "", "b0", "pid:[9]"), False, False),
        (Place("甲"), Place("甲"), False, False),
        (Place("甲", "甲"), Place("甲", "甲"), True, False),  # where there is no boot id
    ],
)
def test_a_place_sees_its_own_and_outlives_its_former_self(
    here: Place, there: Place, *, sees: bool, outlived: bool
) -> None:
    assert (here.sees(there), here.outlived(there)) == (sees, outlived)


def test_this_process_has_a_place() -> None:
    assert find_place().sees(find_place())
