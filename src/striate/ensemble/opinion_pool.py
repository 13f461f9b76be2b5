"""Logarithmic opinion pool: several distributions over the classes as one, the normalised product of their powers.

Genest & Zidek, "Combining probability distributions: a critique and an annotated bibliography" (1986), section 4;
Hinton, "Training products of experts by minimizing contrastive divergence" (2002). The sum of the powers sharpens or
softens the product, so a pool of calibrated members needs no calibration of its own: it is temperature scaling as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Doubles = NDArray[np.float64]
SMALLEST = 1e-6  # probabilities below count as this, so that no member has a veto


def logs_of(probabilities: ArrayLike) -> Doubles:
    """Logarithms of probabilities, of the same shape; those below `SMALLEST` are raised to it."""
    return np.asarray(np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST)))


def pooled(probabilities: Sequence[ArrayLike], weights: ArrayLike, temperature: float) -> Doubles:
    """The pool (n, K) of the probabilities (n, K) of each member; rows sum to 1.

    A class that no member gives any probability to, such as one without training pictures, gets 0.

    >>> sure, unsure = [[0.9, 0.1]], [[0.5, 0.5]]
    >>> pooled([sure, unsure], [0.5, 0.5], temperature=1)      # √0.9 against √0.1
    array([[0.75, 0.25]])
    >>> pooled([sure, sure], [0.5, 0.5], temperature=0.5).round(3)  # both are evidence: 0.9² against 0.1²
    array([[0.988, 0.012]])
    """
    powers = np.asarray(weights, np.float64) / temperature
    scores = np.zeros(np.shape(probabilities[0]))
    possible = np.zeros(scores.shape, bool)
    for power, one in zip(powers, probabilities, strict=True):
        scores += power * logs_of(one)
        possible |= np.asarray(one) > 0
    possible[~possible.any(axis=1)] = True
    return np.asarray(special.softmax(np.where(possible, scores, -np.inf), axis=1))
