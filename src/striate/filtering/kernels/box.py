"""Box kernel: the mean of all pixels of a square."""

from __future__ import annotations

import numpy as np

from striate.filtering.filter_kernel import FilterKernel


def make(size: int = 3) -> tuple[FilterKernel, ...]:
    """The kernel of `size`×`size` equal weights.

    >>> (9 * make()[0].weights).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    return (FilterKernel("box", np.full((size, size), 1 / size**2)),)
