"""Agreement of recognisers: how often they predict the same, and the pictures that only one gets right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.stats.variance_components import Rights

Predictions = NDArray[np.int64]  # (S, n): the class that training s predicts for picture i


def agreement(answers: Sequence[Predictions]) -> list[list[float | None]]:
    """Rate of equal predictions of two trainings, (M, M); on the diagonal two of one recogniser, None for one only.

    Trainings are taken in all pairs.

    >>> agreement([np.array([[0, 1, 1], [0, 1, 0]]), np.array([[0, 1, 1]])])[0][0] == 2 / 3
    True
    """
    def alike(i: int, j: int) -> float | None:
        same = [float((one == two).mean()) for s, one in enumerate(answers[i]) for t, two in enumerate(answers[j])
                if i != j or s < t]
        return float(np.mean(same)) if same else None

    return [[alike(i, j) for j in range(len(answers))] for i in range(len(answers))]


def majority_right(rights: Rights) -> NDArray[np.bool_]:
    """Whether more than half of the trainings (S, n) are right about each picture, (n,)."""
    return np.asarray(np.mean(rights, axis=0) > 0.5)


def only_right(rights: Sequence[Rights]) -> list[NDArray[np.int64]]:
    """For each recogniser the pictures that it mostly gets right and no other does.

    >>> [one.tolist() for one in only_right([np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 1]])])]
    [[1], [3]]
    """
    table = np.stack([majority_right(one) for one in rights])
    alone = table.sum(axis=0) == 1
    return [np.flatnonzero(row & alone) for row in table]
