"""Expected error of a candidate after a further training, and the chance that it turns out best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from striate.stats.power_law import Extrapolation, Slope, extrapolated, measured
from striate.tasks.methods.auto.trial import Trial

HOPELESS = 0.05  # chance of being best below which a candidate is given up
# Of fine-tuning beside the frozen network: the ratio of errors, and its uncertainty as a standard deviation of its
# logarithm. By hand, from one measurement: Scene-15, 12 minutes, 5.6 % against 6.7 %.
FINETUNED, UNSURE = 0.85, 0.2
MEMBER = 2.5  # times the best error: a candidate of another kind that is worse than that helps no ensemble


def expected(trial: Trial, labels: NDArray[np.int64], size: float, done: float, curve: Slope) -> Extrapolation:
    """The error of a candidate after a full training, from one of its trials.

    `size` and `done` are of one unit, pictures or seconds: of the full training, and of the trial.
    """
    right = trial.right(labels)
    return extrapolated([done], [float(right.sum())], len(right), size, curve)


def of_trial(trial: Trial, labels: NDArray[np.int64]) -> Extrapolation:
    """The error of a full trial, as it was measured."""
    right = trial.right(labels)
    return measured(float(right.sum()), len(right))


def finetuned(frozen: Extrapolation) -> Extrapolation:
    """The error that is expected of fine-tuning, from that of the frozen network.

    The noise of the latter is in both, so beside the frozen network itself it counts twice, and draws the chance of
    being ahead of it towards one half.
    """
    return replace(frozen, mean=frozen.mean + log(FINETUNED), deviation=sqrt(frozen.deviation**2 + UNSURE**2))


def chance_best(one: Extrapolation, others: Iterable[Extrapolation]) -> float:
    """The largest that the probability can be that `one` has the smallest error of all; 1 if there are no `others`.

    It is the probability of being ahead of the strongest of them, so the chance of being ahead of all is that or less.
    Errors are taken as independent. Those that were measured on the same pictures go up and down together, so that what
    is ahead is so more surely than this says: a candidate is given up later than it might be, not sooner.

    >>> round(chance_best(measured(95, 100), [measured(90, 100), measured(50, 100)]), 2)
    0.9
    """
    return min((one.chance_below(other) for other in others), default=1.0)


def may_help(one: Extrapolation, best: Extrapolation) -> bool:
    """Whether a candidate with this error may help the best one in an ensemble."""
    return one.mean <= best.mean + log(MEMBER)
