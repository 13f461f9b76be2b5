"""Expected calibration error (ECE) with its interval, by a bootstrap over pictures.

Guo et al., "On calibration of modern neural networks" (2017), section 2, for the error. It is biased upwards: the share
of right answers in a bin misses the confidence by some standard error even where every probability is true (Bröcker,
"Estimating reliability and resolution of probability forecasts", 2012; Kumar, Liang & Ma, "Verified uncertainty
calibration", 2019, section 4). So `by_chance` says what true probabilities would show on as many pictures, by drawing
answers from the confidences themselves (consistency resampling: Bröcker & Smith, "Increasing the reliability of
reliability diagrams", 2007), and the interval lies around the error without the bias that the bootstrap finds
(Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, section 10.6). It begins at 0 where chance alone explains
the error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
TAIL = 0.025  # of a 95 % interval, on each side


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error, its 95 % interval, and the error that true probabilities would show `by_chance`."""

    value: float
    interval: tuple[float, float]
    by_chance: float


def calibration_error(bins: NDArray[np.int64], confidence: NDArray[np.float64], right: NDArray[np.bool_],
                      seed: int = 0) -> CalibrationError:
    """The error of n pictures with `confidence` (n,) 0..1 in the `bins` (n,) 0 up, of which some are `right` (n,).

    Pictures of one bin that are right have nearly one confidence, and so have those that are wrong: so their numbers
    are resampled, not the pictures, and the time does not grow with n.

    >>> found = calibration_error(np.zeros(100, int), np.full(100, 0.9), np.arange(100) < 80)
    >>> round(found.value, 3), [round(bound, 2) for bound in found.interval]     # 90 % was said, 80 % were right
    (0.1, [0.02, 0.18])
    >>> found = calibration_error(np.zeros(20, int), np.full(20, 0.9), np.arange(20) < 17)
    >>> round(found.value, 3), round(found.by_chance, 2), found.interval[0]      # 17 of 20 may well be 90 %
    (0.05, 0.05, 0.0)
    """
    cells = 2 * bins + right
    size = 2 * int(bins.max()) + 2
    counts = np.bincount(cells, minlength=size).reshape(-1, 2)
    sums = np.bincount(cells, weights=confidence, minlength=size).reshape(-1, 2)
    filled = counts.sum(axis=1) > 0
    counts, sums = counts[filled], sums[filled]
    mean = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    n, generator = len(bins), np.random.default_rng(seed)
    value = float(_errors(counts[None], mean)[0])
    drawn = generator.multinomial(n, counts.reshape(-1) / n, RESAMPLES).reshape(RESAMPLES, -1, 2)
    errors = _errors(drawn, mean)
    low, high = np.quantile(errors, (TAIL, 1 - TAIL)) - 2 * (float(errors.mean()) - value)
    total = counts.sum(axis=1)
    told = np.minimum(sums.sum(axis=1) / total, 1.0)
    chance = np.abs(generator.binomial(total, told, (RESAMPLES, len(total))) - total * told).sum(axis=1) / n
    if value <= np.quantile(chance, 1 - TAIL):
        low = 0.0
    low, high = np.clip((low, max(low, high)), 0, 1)
    return CalibrationError(value, (float(low), float(high)), float(chance.mean()))


def _errors(counts: NDArray[np.int64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """The error (R,) of R sets of pictures: `counts` (R, bins, 2) of wrong and right ones, `mean` (bins, 2)."""
    total = counts.sum(axis=(1, 2))
    return np.asarray(np.abs(counts[..., 1] - (counts * mean).sum(axis=2)).sum(axis=1) / total)
