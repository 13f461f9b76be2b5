"""Variance components of a mean over pictures and trainings.

An accuracy is a mean over n test pictures, which might have been others, and over S trainings, which might have begun
from other seeds. Trainings and pictures are crossed: every training answers every picture. The variance is that of the
two-way random-effects model, with Hillis' degrees of freedom, as in studies of several readers and many cases:

    Dorfman, Berbaum & Metz, "Receiver operating characteristic rating analysis: generalization to the population of
    readers and patients with the jackknife method" (1992); Hillis, "A comparison of denominator degrees of freedom
    methods for multiple observer ROC analysis" (2007), equation 9.

Limits: of one training nothing is known about others; of two or three little is, and the intervals say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rights = NDArray[Any]  # (S, n) bool or 0 and 1


@dataclass(frozen=True)
class MeanVariance:
    """Variance of a mean, with its degrees of freedom `freedom` (∞ where nothing is estimated).

    `pictures` is the component of the pictures and `trainings` that of the seeds.
    """

    variance: float
    freedom: float
    pictures: float
    trainings: float


@dataclass(frozen=True)
class MeanSquares:
    """Mean squares of (S, n) values: between trainings, and residual."""

    trainings: float
    rest: float


def mean_squares(values: NDArray[np.float64]) -> MeanSquares:
    """The mean squares of `values` (S, n), S ≥ 2 and n ≥ 2."""
    count, n = values.shape
    mean = values.mean()
    rows, columns = values.mean(axis=1), values.mean(axis=0)
    rest = values - rows[:, None] - columns[None, :] + mean
    return MeanSquares(float(n * ((rows - mean) ** 2).sum() / (count - 1)),
                   float((rest**2).sum() / ((count - 1) * (n - 1))))


def mean_variance(first: Rights, second: Rights | None = None, cautious: bool = False) -> MeanVariance:
    """The variance of the accuracy of `first` (S, n), or of its difference from that of `second` (T, n).

    `cautious`: the trainings are taken to differ by no less than what other chance there is, for tests; two trainings
    always are, for they may agree by accident.

    >>> one = np.array([[1, 1, 1, 0]])
    >>> mean_variance(one).variance == 0.75 * 0.25 / 3, mean_variance(one).freedom  # the variance of a mean of four
    (True, inf)
    """
    sides = [np.asarray(side, np.float64) for side in (first, second) if side is not None]
    n = sides[0].shape[1]
    means = [side.mean(axis=0) for side in sides]
    gap = means[0] - means[1] if len(means) > 1 else means[0]
    whole = float(gap.var(ddof=1)) / n if n > 1 else 0.25
    between, inside, doubt = 0.0, 0.0, 0.0
    for side in sides:
        if len(side) < 2 or n < 2:
            continue
        found, cells = mean_squares(side), side.size
        seen = max(found.trainings, found.rest) if cautious or len(side) == 2 else found.trainings
        between += seen / cells
        inside += found.rest / cells
        doubt += (seen / cells) ** 2 / (len(side) - 1)
    pictures = max(whole - inside, 0.0)
    variance = pictures + between
    return MeanVariance(variance, variance**2 / doubt if doubt else float("inf"), whole, max(between - inside, 0.0))
