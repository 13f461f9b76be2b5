"""Absent classes: those without training pictures, which classifiers leave out and recognisers predict as 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def with_absent_classes(scores: NDArray[np.float64], present: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Probabilities (n, K') of the classes `present` (K',) as (n, K): classes that had no picture get 0.

    >>> with_absent_classes(np.array([[0.25, 0.75]]), np.array([0, 2]), 3)
    array([[0.25, 0.  , 0.75]])
    """
    whole = np.zeros((len(scores), classes))
    whole[:, present] = scores
    return whole


def restored_present(values: object, known: int, classes: int) -> NDArray[np.int64]:
    """The classes present, (K',), from a model file; ValueError unless `known` indices of `classes`, rising.

    >>> restored_present([0, 2], 2, 3)
    array([0, 2])
    """
    if not isinstance(values, list) or not all(type(one) is int and 0 <= one < classes for one in values):
        raise ValueError("the classes that are present must be indices of its classes")
    if sorted(set(values)) != values or len(values) != known:
        raise ValueError(f"its classifier knows {known} classes, {len(values)} are present")
    return np.array(values)
