"""Sobel kernels: differences along x and y, smoothed across (Sobel & Feldman 1968; Duda & Hart 1973, section 7.3)."""

from __future__ import annotations

import numpy as np

from striate.filtering.filter_kernel import FilterKernel


def make() -> tuple[FilterKernel, ...]:
    """The kernels of x, positive where it gets brighter to the right, and of y, where it gets brighter downwards.

    As cross-correlations; a convolution turns both, which changes their signs.
    """
    x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    return FilterKernel("sobel x", x), FilterKernel("sobel y", x.T.copy())
