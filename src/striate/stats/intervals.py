"""Confidence interval of an accuracy: Wilson's score interval on the effective number of pictures.

Wilson, "Probable inference, the law of succession, and statistical inference" (1927). Where there are several trainings
the number of pictures is divided by the design effect, the measured variance over that of one share of n independent
pictures, and Student's t takes the place of the normal quantile: Korn & Graubard, "Confidence intervals for proportions
with small expected number of positive counts estimated from survey data" (1998); Dean & Pagano (2015) find Wilson's
interval to be good so. With one training it is Wilson's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from striate.stats.metrics import Interval, score_interval
from striate.stats.variance_components import Rights, mean_variance


@dataclass(frozen=True)
class Accuracy:
    """Accuracy, 0..1, over all trainings and pictures, with its `interval`."""

    value: float
    interval: Interval


def accuracy_interval(rights: Rights, confidence: float = 0.95) -> Accuracy:
    """The accuracy of `rights` (S, n) with its interval.

    >>> low, high = accuracy_interval(np.repeat([[True, False]], [356, 4], axis=1)).interval
    >>> round(low, 4), round(high, 4)  # as striate.stats.metrics.wilson(356, 360)
    (0.9718, 0.9957)
    """
    count, n = np.shape(rights)
    value, found = float(np.mean(rights)), mean_variance(rights)
    plain = value * (1 - value) / n
    effect = 1.0 if count == 1 or not plain else max(found.variance / plain, 1 / count)
    return Accuracy(value, score_interval(
        value, n / effect, quantile(found.freedom if count > 1 else np.inf, confidence)))


def quantile(freedom: float, confidence: float) -> float:
    """The two-sided quantile of Student's t, of the normal distribution where `freedom` is infinite.

    >>> round(quantile(np.inf, 0.95), 3), round(quantile(2, 0.95), 3)
    (1.96, 4.303)
    """
    tail = (1 + confidence) / 2
    return float(special.ndtri(tail) if freedom > 1e6 else special.stdtrit(freedom, tail))
