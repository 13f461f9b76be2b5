"""Temperature scaling of scores and probabilities, fitted on held-out pictures.

Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks" (2017), section 4.2. The order of the classes
stays, so accuracy does too. Where we differ: the targets are softened, as Platt's are ("Probabilistic outputs for
support vector machines", 1999, section 2.2). Of n held-out pictures the true class counts (n + 1) / (n + 2) and its
strongest rival 1 / (n + 2), as if one picture more had been right and one wrong. Without that, held-out scores that
separate the classes perfectly, as those of few pictures do, would be likeliest at T = 0: every probability 100 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

SMALLEST = 1e-12  # probabilities below count as this
RANGE = 1e3  # the temperature is within this factor of the mean spread of the scores


def temperature(labels: ArrayLike, scores: ArrayLike) -> float:
    """The T that makes true `labels` (n,) likeliest under softmax(`scores` (n, K) / T), with softened targets.

    Scores are decisions, logits or logarithms of probabilities, K at least 2; T is within 1e-3 to 1e3 times their mean
    spread.

    >>> sure = np.log([[0.99, 0.01]] * 400)
    >>> t = temperature([0, 0, 0, 1] * 100, sure)                           # right three times out of four
    >>> tempered(np.exp(sure), t)[0].round(2).tolist()
    [0.75, 0.25]
    >>> t = temperature([0] * 8, [[9.0, 0.0]] * 8)                          # eight out of eight are no certainty
    >>> special.softmax(np.array([9.0, 0.0]) / t).round(2).tolist()         # (8 + 1) / (8 + 2)
    [0.9, 0.1]
    """
    from scipy.optimize import minimize_scalar  # here, because predicting needs none of it

    truth, values = np.asarray(labels), np.asarray(scores, np.float64)
    rows, doubt = np.arange(len(truth)), 1 / (len(truth) + 2)
    others = values.copy()
    others[rows, truth] = -np.inf
    wanted = (1 - doubt) * values[rows, truth] + doubt * others.max(axis=1)
    spread = float(np.ptp(values, axis=1).mean()) or 1.0

    def loss(log_slope: float) -> float:
        slope = np.exp(log_slope) / spread
        return float((special.logsumexp(values * slope, axis=1) - wanted * slope).mean())

    found = minimize_scalar(loss, bounds=(-np.log(RANGE), np.log(RANGE)), method="bounded", options={"xatol": 1e-6})
    return spread / float(np.exp(found.x))


def tempered(probabilities: ArrayLike, t: float) -> NDArray[np.float64]:
    """Scaled `probabilities` (n, K) at temperature `t`; 1 leaves them as they are."""
    return np.asarray(special.softmax(log_probabilities(probabilities) / t, axis=1))


def log_probabilities(probabilities: ArrayLike) -> NDArray[np.float64]:
    """The logarithms of `probabilities` (n, K), those of nearly 0 bounded."""
    return np.asarray(np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST)))
