"""Improvement by an ensemble: the one-sided paired test that it is right more often than its best member.

McNemar's exact test (1947), of the held-out pictures that only one of the two gets right. For two recognisers that do
not depend on these pictures it is exact: one that is no better is taken for better in one case of twenty at most. Here
it is an approximation. The weights were not fitted on the picture that they are tested on, but on the others, so that
errors of two pictures are not quite independent; against that, the best member was chosen by the same pictures, which
flatters it. So `bench/ensembles.py` counts the false choices of the whole procedure: of 177 cases without a gain, none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from striate.core.result import Result
from striate.stats.paired_tests import mcnemar_greater

SURELY = 0.05


@dataclass(frozen=True)
class Improvement(Result):
    """Improvement of accuracy: `points`, in percentage points, and `p_value` of the test that it is by chance."""

    points: float
    p_value: float

    @property
    def surely(self) -> bool:
        """Whether chance makes an improvement like this in at most one case of twenty."""
        return self.p_value <= SURELY


def improvement(labels: ArrayLike, best: ArrayLike, together: ArrayLike) -> Improvement:
    """Improvement of held-out probabilities `together` (n, K) over those of the `best` member (n, K).

    `labels` are the class indices (n,). Row i of `together` must be by weights that were not fitted on picture i, as
    `Weighting.held_out` is.

    >>> truth, best = np.zeros(100, int), np.tile([0.6, 0.4], (100, 1))
    >>> best[:9] = [0.4, 0.6]                                             # 9 of 100 wrong, which together are right
    >>> found = improvement(truth, best, np.tile([0.6, 0.4], (100, 1)))
    >>> found.points, round(found.p_value, 5), found.surely               # 0.5 ** 9
    (9.0, 0.00195, True)
    """
    truth = np.asarray(labels)
    one, two = (np.asarray(chances).argmax(axis=1) == truth for chances in (best, together))
    only_two, only_one = int((two & ~one).sum()), int((one & ~two).sum())
    return Improvement(100 * (only_two - only_one) / len(truth), mcnemar_greater(only_two, only_one))
