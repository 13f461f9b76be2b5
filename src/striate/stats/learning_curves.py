"""Crossing of two learning curves.

Between the sizes that were measured accuracy is taken to change evenly with the logarithm of the number of pictures.
The interval is a percentile bootstrap (Efron & Tibshirani 1993, chapter 13) over test pictures and trainings together:
each resample draws pictures, the same at all sizes, and trainings of each recogniser, and finds the crossing again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np

from striate.stats.variance_components import Rights

RESAMPLES = 1000


@dataclass(frozen=True)
class Crossing:
    """Crossing: the number of pictures from which the second is ahead; `inf` for never, the smallest size for always.

    `interval` holds 95 % of the resamples; its ends may be the smallest size, or infinite.
    """

    size: float
    interval: tuple[float, float]


def crossing(sizes: Sequence[int], first: Sequence[Rights], second: Sequence[Rights], seed: int = 0) -> Crossing:
    """The crossing at which `second` overtakes `first`, (S, n) rights on the same pictures for each of rising `sizes`.

    >>> few, some, many = (np.arange(100)[None] < right for right in (50, 80, 90))
    >>> round(crossing([10, 40], [some, some], [few, many]).size)                # 3 of 4 parts of the way from 10 to 40
    28
    """
    generator = np.random.default_rng(seed)
    n = np.shape(first[0])[1]
    rows = [[np.asarray(one, np.float64) for one in side] for side in (first, second)]
    found = []
    for _ in range(RESAMPLES):
        weights = np.bincount(generator.integers(0, n, n), minlength=n) / n
        gaps = []
        for one, two in zip(*rows, strict=True):
            means = [side[generator.integers(0, len(side), len(side))].mean(axis=0) for side in (one, two)]
            gaps.append(float((means[1] - means[0]) @ weights))
        found.append(_crossing_size(sizes, gaps))
    at = _crossing_size(sizes, [float(two.mean() - one.mean()) for one, two in zip(*rows, strict=True)])
    ordered = np.sort(found)
    return Crossing(at, (float(ordered[int(0.025 * RESAMPLES)]), float(ordered[int(0.975 * RESAMPLES) - 1])))


def _crossing_size(sizes: Sequence[int], gaps: Sequence[float]) -> float:
    """The size from which `gaps` stay above zero.

    >>> round(_crossing_size([5, 10, 20], [-0.1, -0.1, 0.1]), 2), _crossing_size([5, 10], [0.1, 0.1])
    (14.14, 5.0)
    >>> _crossing_size([5, 10], [0.1, -0.1])
    inf
    """
    if gaps[-1] <= 0:
        return inf
    last = max((i for i, gap in enumerate(gaps) if gap <= 0), default=None)
    if last is None:
        return float(sizes[0])
    share = -gaps[last] / (gaps[last + 1] - gaps[last])
    return exp(log(sizes[last]) + share * (log(sizes[last + 1]) - log(sizes[last])))
