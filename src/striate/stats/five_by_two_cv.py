"""5×2 cross-validation tests, for recognisers as methods: each learns from ten halves of the pictures.

    t   Dietterich, "Approximate statistical tests for comparing supervised classification learning algorithms" (1998),
        section 3.5, five degrees of freedom.
    F   Alpaydın, "Combined 5×2 cv F test for comparing supervised classification learning algorithms" (1999): (10, 5)
        degrees of freedom; it does not depend on which half came first, and errs less. It is reported as p.

Limits: each learns from half of the pictures only, so it is about recognisers that have seen half as many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

REPEATS = 5


@dataclass(frozen=True)
class FiveByTwo:
    """Result of 5×2 cross-validation: the mean `difference` of accuracies, the two statistics and their p-values."""

    difference: float
    t: float
    t_p: float
    f: float
    p: float


def five_by_two(differences: ArrayLike) -> FiveByTwo:
    """The 5×2 tests on `differences` (5, 2): of accuracies, a row for each repetition, a column for each half.

    >>> found = five_by_two([[0.02, 0.01], [0.03, 0.01], [0.01, 0.02], [0.02, 0.02], [0.03, 0.02]])
    >>> round(found.difference, 3), round(found.t, 3), round(found.f, 2)
    (0.019, 2.39, 5.86)
    """
    values = np.asarray(differences, np.float64)
    if values.shape != (REPEATS, 2):
        raise ValueError(f"five by two differences are needed; {values.shape} were given")
    spread = float(((values - values.mean(axis=1, keepdims=True)) ** 2).sum())
    if not spread:
        same = not values.any()
        t, f = (0.0, 0.0) if same else (float("inf") * np.sign(values[0, 0] or 1), float("inf"))
    else:
        t, f = values[0, 0] / (spread / REPEATS) ** 0.5, float((values**2).sum()) / (2 * spread)
    return FiveByTwo(float(values.mean()), float(t), float(2 * special.stdtr(5, -abs(t))), f,
                     float(special.fdtrc(10, 5, f)) if f < np.inf else 0.0)
