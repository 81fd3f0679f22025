from __future__ import annotations

from collections import Counter

from tests.moving_kills import kill_once

KILLS = 24  # benchmarks/moving.py: 300


def test_a_kill_leaves_the_old_or_the_new_tree() -> None:
    trials = [kill_once(seed) for seed in range(KILLS)]
    died = Counter(trial.died for trial in trials)
    assert ([trial for trial in trials if trial.wrong], died[True] >= KILLS // 2) == ([], True)
    assert {trial.verb for trial in trials} == {"apply", "rollback"}
    assert any("committing" in trial.state for trial in trials)
    assert any("rolling_back" in trial.state for trial in trials)
