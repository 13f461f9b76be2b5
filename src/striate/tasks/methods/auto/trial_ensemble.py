"""Ensemble of trials: of what was trained in a selection, where it is surely better than the chosen trial alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.ensemble.held_out import in_common
from striate.ensemble.improvement import SURELY, Improvement, improvement
from striate.ensemble.recogniser import Ensemble
from striate.ensemble.weights import Weighting, cross_validated_weights
from striate.tasks.methods.auto.trial import Trial

LEAST = 50  # pictures that all members were held out from; fewer say nothing of weights
LEAST_TRAINED = 300  # where a network is among them, whose epoch was chosen on the same pictures


@dataclass(frozen=True, eq=False)
class TrialEnsemble:
    """Ensemble of trials: the fitted recogniser, its weighting, and the improvement over the one chosen of them.

    `positions` (n,) are the pictures, of the selection's pack, that no member was fitted on.
    """

    model: Ensemble
    members: tuple[Trial, ...]
    weighting: Weighting
    improvement: Improvement
    positions: NDArray[np.int64]


def sure_ensemble(trials: Sequence[Trial], best: Trial, labels: NDArray[np.int64], seed: int) -> TrialEnsemble | None:
    """The ensemble of full `trials` that is surely better than the `best`, as `choose` gives it; None if there is none.

    Tried are the stagewise ones, on all the pictures that they were cross-validated on, and all, on the validation
    pictures. Where there are enough pictures for both, each p-value must be half as large (Bonferroni).
    """
    stagewise = [trial for trial in trials if trial.model.held_out_ is not None]
    tries = [group for group in (stagewise, [*trials]) if len(group) > 1 and best in group and _enough(group)]
    if len(tries) == 2 and len(stagewise) == len(trials):
        tries.pop()
    found = [one for one in (_pool(group, best, labels, seed) for group in tries) if one]
    sure = [one for one in found if one.improvement.p_value <= SURELY / len(tries)]
    return max(sure, key=lambda one: one.improvement.points, default=None)


def _enough(trials: Sequence[Trial]) -> bool:
    """Whether enough pictures were held out from all."""
    trained = any(trial.model.held_out_ is None for trial in trials)
    return len(in_common([trial.held_out for trial in trials])[0]) >= (LEAST_TRAINED if trained else LEAST)


def _pool(trials: Sequence[Trial], best: Trial, labels: NDArray[np.int64], seed: int) -> TrialEnsemble | None:
    positions, probabilities = in_common([trial.held_out for trial in trials])
    truth = labels[positions]
    weighting = cross_validated_weights(truth, probabilities, seed)
    members = [trial for trial, weight in zip(trials, weighting.weights, strict=True) if weight > 0]
    if len(members) < 2:
        return None
    gain = improvement(truth, probabilities[trials.index(best)], weighting.held_out)
    model = Ensemble.of({trial.name: trial.model for trial in trials}, weighting)
    return TrialEnsemble(model, tuple(members), weighting, gain, positions)
