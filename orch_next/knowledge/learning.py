"""The learner as its clients see it (contract 6, `ml.learning_engine`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from orch_next.bounded import Bounded
from orch_next.clock import parse_micros
from orch_next.knowledge.learned import Sample, as_samples
from orch_next.knowledge.outcomes import TUNED, PS1Parameters, WorkOutcome
from orch_next.knowledge.predict import RECENT, Prediction, predict
from orch_next.knowledge.recommend import LEAST_SAMPLES, Advisor, Recommendation, as_json
from orch_next.knowledge.shelf import Shelf, Stored
from orch_next.knowledge.store import KnowledgeStore
from orch_next.knowledge.training import MOST_SAMPLES, Trainer

NOT_ENOUGH = "not enough data"
_LAST = 10
MOST_REMEMBERED = 256  # scripts


@dataclass(frozen=True)
class Advice:
    """A parameter set, and what it rests on."""

    parameters: PS1Parameters
    grounds: dict[str, Any]
    last: list[WorkOutcome]


@dataclass(frozen=True)
class Learning:
    """Trains, recommends and predicts; every method may raise BusyError."""

    store: KnowledgeStore
    shelf: Shelf
    trainer: Trainer
    remembered: Bounded[str, tuple[Any, Recommendation]] = field(
        default_factory=lambda: Bounded(MOST_REMEMBERED)
    )

    def get_learning_status(self) -> dict[str, Any]:
        """Return the contract's four figures; accuracy in percent, time as UTC or None."""
        models = self.shelf.current()
        accuracies = [float(one["score"]["accuracy"]) for one in models]
        times = [parse_micros(one["created_at"]) for one in models]
        return {
            "model_count": len(models),
            "training_data_count": self.store.count(),
            "last_training_time": max(times, default=None),
            "average_accuracy": round(fmean(accuracies), 2) if accuracies else 0.0,
            "training": self.trainer.training.as_json(),
            "models": models,
        }

    def optimize_script_parameters(self, script: str) -> Advice | None:
        """Recommend parameters; None when there are fewer than 20 runs with all four of them.

        The first question about a script that was never learned trains it.
        """
        outcomes = self.store.recent(script, MOST_SAMPLES)
        samples = as_samples(outcomes)
        if len(samples) < LEAST_SAMPLES:
            return None
        stored = self.shelf.latest(script) or self.trainer.learn_one(script)
        if stored is None:
            return None
        found = self._recommend(stored, samples)
        return Advice(
            _as_parameters(stored, found), _grounds(stored, found), outcomes[: -_LAST - 1 : -1]
        )

    def _recommend(self, stored: Stored, samples: list[Sample]) -> Recommendation:
        """Recommend, or remember what the same runs and the same model led to."""
        key = (stored.version, len(samples), hash(tuple(samples)))
        known = self.remembered.get(stored.script)
        if known is None or known[0] != key:
            known = (key, Advisor(stored.model, samples).recommend())
            self.remembered.put(stored.script, known)
        return known[1]

    def predict_task(self, task_id: str, script: str = "") -> Prediction | None:
        """Predict a task's next run; the script is that of its last run, unless it is named.

        None when no script is known, or it has fewer than 20 runs.
        """
        if not script:
            own = self.store.get_work_outcomes_by_task(task_id)
            script = own[0].script if own else ""
        return predict(script, task_id, self.store.recent(script, RECENT)) if script else None

    def train_model(self, epochs: int) -> None:
        """Begin a training of all scripts; raise RuleError while one runs."""
        self.trainer.start(epochs)

    def sample_size(self, script: str) -> int:
        """Return how many runs of a script can be learned from."""
        return len(as_samples(self.store.recent(script, MOST_SAMPLES)))


def _as_parameters(stored: Stored, found: Recommendation) -> PS1Parameters:
    values = dict(zip(TUNED, found.best.setting, strict=True))
    name = "-".join(str(value) for value in found.best.setting)
    return PS1Parameters(
        parameter_set_id=f"{stored.script}-v{stored.version}-{name}",
        success_rate=round(found.best.success_rate, 4),
        avg_execution_time_ms=round(found.best.time_ms, 1),
        **values,
    )


def _grounds(stored: Stored, found: Recommendation) -> dict[str, Any]:
    return {**as_json(found, TUNED), "model": stored.as_json()}
