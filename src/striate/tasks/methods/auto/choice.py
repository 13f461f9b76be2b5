"""Choice among finished trials, on pictures that none of them was fitted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.tasks.methods.auto.trial import Trial

TIE = 0.5  # standard errors: a smaller difference is a tie, and the trial that is cheaper to predict with is taken


def common_positions(trials: Sequence[Trial]) -> NDArray[np.int64]:
    """The pictures that all `trials` have predicted, sorted."""
    found = trials[0].positions
    for trial in trials[1:]:
        found = np.intersect1d(found, trial.positions)
    return np.sort(found)


def at(trial: Trial, positions: NDArray[np.int64]) -> NDArray[np.float64]:
    """The probabilities (n, K) of a trial at `positions`, which must be among its own."""
    order = np.argsort(trial.positions, kind="stable")
    return trial.probabilities[order[np.searchsorted(trial.positions, positions, sorter=order)]]


def better(these: NDArray[np.bool_], those: NDArray[np.bool_]) -> float:
    """By how many standard errors `these` (n,) are right more often than `those` on the same pictures.

    A difference of one picture counts as none.

    The difference of two counts of pictures that only one gets right, b and c, has the standard error √(b + c) where
    both are as good (McNemar 1947).

    >>> better(np.array([1, 1, 1, 1, 0], bool), np.array([1, 0, 0, 0, 1], bool))  # 3 against 1
    1.0
    """
    only_these, only_those = int(np.sum(these & ~those)), int(np.sum(those & ~these))
    difference = only_these - only_those
    return 0.0 if abs(difference) <= 1 else difference / float(np.sqrt(only_these + only_those))


def choose(trials: Sequence[Trial], labels: NDArray[np.int64]) -> Trial:
    """The best of `trials`, full ones, by accuracy on the pictures that two of them have in common; see `TIE`.

    Those with the most pictures are compared first, so that a trial which was only validated on a few has to be better
    on these than one that was cross-validated on all.
    """
    def cost(trial: Trial) -> float:
        return trial.predict_seconds

    first, *others = sorted(trials, key=lambda trial: (-len(trial.positions), -trial.right(labels).mean()))
    best = first
    for trial in others:
        both = common_positions([best, trial])
        ahead = better(at(trial, both).argmax(axis=1) == labels[both], at(best, both).argmax(axis=1) == labels[both])
        if ahead > TIE or (abs(ahead) <= TIE and cost(trial) < cost(best)):
            best = trial
    return best
