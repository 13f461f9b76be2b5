"""Bootstrap interval of a difference of accuracies, over the test pictures.

Efron & Tibshirani, *An Introduction to the Bootstrap* (1993), chapter 13 (percentile), as SciPy computes it. Pictures
are resampled in pairs, with both recognisers' predictions; trainings are averaged first, so the interval is about other
pictures and not about other seeds.
"""

from __future__ import annotations

import numpy as np

from striate.stats.metrics import Interval
from striate.stats.variance_components import Rights

RESAMPLES = 2000


def bootstrap(first: Rights, second: Rights, confidence: float = 0.95, seed: int = 0) -> Interval:
    """The percentile interval of the difference of the accuracies of `first` (S, n) and `second` (T, n).

    >>> one, two = np.array([[True] * 90 + [False] * 10]), np.array([[True] * 80 + [False] * 20])
    >>> low, high = bootstrap(one, two)
    >>> 0.03 < low < 0.06, 0.14 < high < 0.18
    (True, True)
    """
    from scipy import stats

    gaps = np.mean(first, axis=0) - np.mean(second, axis=0)
    found = stats.bootstrap((gaps,), np.mean, n_resamples=RESAMPLES, method="percentile", confidence_level=confidence,
                            batch=max(1, (1 << 22) // len(gaps)), rng=np.random.default_rng(seed))
    return float(found.confidence_interval.low), float(found.confidence_interval.high)
