"""Random trees, moved there and back: everything as it was, modes, links and times included."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orch_next.migrate.apply import apply
from orch_next.migrate.facts import tree_facts
from orch_next.migrate.rollback import rollback
from tests.moving import make_sample, quick_folder


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_there_and_back_is_the_identity(seed: int) -> None:
    with quick_folder("orch-next-tree-") as name:
        sample = make_sample(Path(name), seed)
        target, source = sample.house.target, sample.house.source
        before, beside = tree_facts(target), tree_facts(source)
        there = apply(sample.frame(), sample.steps)
        if not sample.house.same:
            assert tree_facts(source) == beside
        back = rollback(sample.frame())
        assert (there.error, back.error, back.left) == ("", "", ())
        assert tree_facts(target) == before
