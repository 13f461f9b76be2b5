"""Paired tests of two recognisers on the same test pictures: difference, interval and p.

    test        McNemar's exact test: "Note on the sampling error of the difference between correlated proportions or
                percentages" (1947), by the binomial distribution of the pictures that only one gets right.
    interval    Tango's score interval: "Equivalence test and confidence interval for the difference in proportions for
                the paired-sample design" (1998), equations 5 to 10.

Where each has been trained several times, the counts are means over the trainings, divided by the design effect (see
`striate.stats.intervals`), the quantile is Student's, and p is the larger of the exact one and that of the score by
Student's t. So a difference counts as significant only if other pictures and other seeds are unlikely to reverse it.
With one training each both are as published, and neither is about other seeds.

Tango's interval was chosen by simulation (`bench/verdicts.py`): it covered 94.3 to 96.7 %, where the percentile
bootstrap over pictures covered 92 to 95 %, and far less where seeds differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from striate.stats.intervals import quantile
from striate.stats.metrics import Interval
from striate.stats.variance_components import MeanVariance, Rights, mean_variance


@dataclass(frozen=True)
class PairedDifference:
    """Paired difference of accuracies, first less second: `difference`, its `interval` (−1..1), and `p` (two-sided).

    `only_first` and `only_second` are the pictures that only one gets right, means over the trainings; `effect` is the
    design effect; `chance` is its variance.
    """

    difference: float
    interval: Interval
    p: float
    only_first: float
    only_second: float
    effect: float
    chance: MeanVariance


def paired_difference(first: Rights, second: Rights, confidence: float = 0.95) -> PairedDifference:
    """The difference of `first` (S, n) and `second` (T, n), rights on the same pictures.

    >>> one = np.repeat([[True, True, False]], [80, 12, 8], axis=1)
    >>> two = np.repeat([[True, False, False]], [80, 12, 8], axis=1)
    >>> found = paired_difference(one, two)
    >>> round(found.difference, 2), round(found.p, 5)                     # 12 to none: 2 · 0.5 ** 12
    (0.12, 0.00049)
    """
    n = np.shape(first)[1]
    a, b = np.mean(first, axis=0), np.mean(second, axis=0)
    only_first, only_second = float((a * (1 - b)).sum()), float((b * (1 - a)).sum())
    trainings = min(len(first), len(second))
    found = mean_variance(first, second)
    if trainings == 1:
        interval = tango(only_first, only_second, n, quantile(np.inf, confidence))
        return PairedDifference((only_first - only_second) / n, interval, mcnemar(only_first, only_second), only_first,
                                only_second, 1.0, found)
    plain = ((only_first + only_second) / n - ((only_first - only_second) / n) ** 2) / n
    careful = mean_variance(first, second, cautious=True)
    effect, strict = (max(one.variance / plain, 1 / trainings) if plain > 0 else 1.0 for one in (found, careful))
    interval = tango(only_first / effect, only_second / effect, n / effect, quantile(found.freedom, confidence))
    p = mcnemar(only_first / strict, only_second / strict)
    if only_first + only_second:
        score = (only_first - only_second) / (strict * (only_first + only_second)) ** 0.5
        p = max(p, two_sided_p(score, careful.freedom))
    return PairedDifference((only_first - only_second) / n, interval, p, only_first, only_second, effect, found)


def mcnemar(only_first: float, only_second: float) -> float:
    """The two-sided p of McNemar's exact test; counts need not be whole (a regularised beta function).

    >>> mcnemar(5, 0), mcnemar(3, 3)
    (0.0625, 1.0)
    """
    less, more = sorted((only_first, only_second))
    return 1.0 if more == less else min(1.0, 2 * mcnemar_greater(more, less))


def mcnemar_greater(only_first: float, only_second: float) -> float:
    """The one-sided p of McNemar's exact test that the first is right more often; counts need not be whole.

    >>> mcnemar_greater(5, 0), mcnemar_greater(3, 3), mcnemar_greater(0, 5)    # 0.65625 = (20 + 15 + 6 + 1) / 2⁶
    (0.03125, 0.65625, 1.0)
    """
    return float(special.betainc(only_first, only_second + 1, 0.5)) if only_first else 1.0


def two_sided_p(score: float, freedom: float) -> float:
    """The two-sided p of a `score` by Student's t."""
    return float(2 * (special.ndtr(-abs(score)) if freedom > 1e6 else special.stdtr(freedom, -abs(score))))


def tango(only_first: float, only_second: float, n: float, z: float) -> Interval:
    """The score interval of the difference of two shares of the same `n` pictures, at `z` standard errors.

    >>> [round(bound, 3) for bound in tango(12, 2, 50, 1.96)]              # about a difference of 0.2
    [0.061, 0.345]
    """
    gap = (only_first - only_second) / n

    def score(delta: float) -> float:
        """How many standard errors the true difference `delta` lies below what was found."""
        linear = (2 * n - only_first + only_second) * delta - only_first - only_second
        root = max(linear * linear + 8 * n * only_second * delta * (1 - delta), 0.0) ** 0.5
        share = (root - linear) / (4 * n)  # of pictures that only the second gets right, most likely for this `delta`
        spread = n * (2 * share + delta * (1 - delta))
        return float((n * gap - n * delta) / max(spread, 1e-300) ** 0.5)

    least, most = -1 + 1e-12, 1 - 1e-12
    low = -1.0 if score(least) < z else optimize.brentq(lambda delta: score(delta) - z, least, gap)
    high = 1.0 if score(most) > -z else optimize.brentq(lambda delta: score(delta) + z, gap, most)
    return float(low), float(high)
