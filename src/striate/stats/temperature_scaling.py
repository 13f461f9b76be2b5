"""Temperature scaling of probabilities.

Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks" (2017), section 4.2. It is learnt on pictures
that were held out of the training, never on test pictures; the order of the classes stays, so accuracy does too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

SMALLEST = 1e-12  # probabilities below count as this


def temperature(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """The T in 0.05..20 that makes true `labels` (n,) likeliest under softmax(log `probabilities` (n, K) / T).

    >>> sure = np.array([[0.99, 0.01], [0.99, 0.01], [0.99, 0.01], [0.99, 0.01]])
    >>> t = temperature([0, 0, 0, 1], sure)                                 # right three times out of four
    >>> tempered(sure, t)[0].round(2).tolist()
    [0.75, 0.25]
    """
    truth, logs = np.asarray(labels), np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST))
    rows = np.arange(len(truth))

    def loss(log_t: float) -> float:
        return float(-special.log_softmax(logs / np.exp(log_t), axis=1)[rows, truth].mean())

    found = optimize.minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded",
                                     options={"xatol": 1e-4})
    return float(np.exp(found.x))


def tempered(probabilities: ArrayLike, t: float) -> NDArray[np.float64]:
    """Scaled `probabilities` (n, K) at temperature `t`; 1 leaves them as they are."""
    logs = np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST))
    return np.asarray(special.softmax(logs / t, axis=1))
