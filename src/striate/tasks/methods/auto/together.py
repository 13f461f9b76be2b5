"""Trials together: the ensemble of what was trained, where it is surely better than the best trial alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.ensemble.improvement import SURELY, Improvement, improvement
from striate.ensemble.recogniser import Ensemble
from striate.ensemble.weights import Weighting, cross_validated_weights
from striate.tasks.methods.auto.choice import at, common_positions
from striate.tasks.methods.auto.trial import Trial

LEAST = 50  # pictures that all members were held out from; fewer say nothing of weights


@dataclass(frozen=True, eq=False)
class Together:
    """Ensemble of trials: the fitted recogniser, its weighting, and the improvement over the best of them.

    `positions` (n,) are the pictures, of the selection's pack, that no member was fitted on.
    """

    model: Ensemble
    members: tuple[Trial, ...]
    weighting: Weighting
    improvement: Improvement
    positions: NDArray[np.int64]


def together(trials: Sequence[Trial], best: Trial, labels: NDArray[np.int64], seed: int) -> Together | None:
    """The ensemble of full `trials` that is surely better than the `best` of them; None if there is none.

    Tried are those with stages, on all the pictures that they were cross-validated on, and all, on the validation
    pictures; for each try more the test is the stricter (Bonferroni).
    """
    staged = [trial for trial in trials if trial.model.held_out_ is not None]
    tries = [group for group in ([*staged], [*trials]) if len(group) > 1 and best in group]
    if len(tries) == 2 and len(staged) == len(trials):
        tries.pop()
    found = [one for one in (_pool(group, best, labels, seed) for group in tries) if one]
    sure = [one for one in found if one.improvement.p_value <= SURELY / len(tries)]
    return max(sure, key=lambda one: one.improvement.points, default=None)


def _pool(trials: Sequence[Trial], best: Trial, labels: NDArray[np.int64], seed: int) -> Together | None:
    positions = common_positions(trials)
    if len(positions) < LEAST:
        return None
    truth = labels[positions]
    weighting = cross_validated_weights(truth, [at(trial, positions) for trial in trials], seed)
    members = [trial for trial, weight in zip(trials, weighting.weights, strict=True) if weight > 0]
    if len(members) < 2:
        return None
    gain = improvement(truth, at(best, positions), weighting.held_out)
    model = Ensemble.of({trial.name: trial.model for trial in trials}, weighting)
    return Together(model, tuple(members), weighting, gain, positions)
