"""Gaussian kernel: exp(−r²/2σ²) at whole pixels, divided by its sum."""

from __future__ import annotations

from math import floor, log, sqrt

import numpy as np

from striate.filtering.filter_kernel import FilterKernel

SIGMA = 1 / sqrt(2 * log(2))  # 0.849322: the next pixel weighs half, and the 3×3 kernel is 1/16·[1 2 1; 2 4 2; 1 2 1]
REACH = 2.3  # times σ, within which 98 % of the bell lies, along an axis


def make(sigma: float = SIGMA, size: int | None = None) -> tuple[FilterKernel, ...]:
    """The kernel of `sigma` pixels, of all whole pixels within 2.3 sigma along an axis (3×3 at least), or of `size`.

    In exp(−r²/σ²), without the 2, the same kernel has a σ that is √2 times as large: 1.201122 for 0.849322.

    >>> (16 * make()[0].weights).tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    >>> [make(sigma)[0].weights.shape[0] for sigma in (0.5, 0.849322, 1.0, 2.0)]
    [3, 3, 5, 9]
    """
    reach = max(1, floor(REACH * sigma)) if size is None else size // 2
    axis = np.exp(-np.arange(-reach, reach + 1) ** 2 / (2 * sigma**2))
    return (FilterKernel(f"gaussian (sigma {sigma:g})", np.outer(axis, axis) / axis.sum() ** 2),)
