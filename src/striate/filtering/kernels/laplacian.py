"""Laplacian kernel: the sum of the second differences along both axes."""

from __future__ import annotations

import numpy as np

from striate.filtering.filter_kernel import FilterKernel


def make() -> tuple[FilterKernel, ...]:
    """The four neighbours minus four times the pixel: 0 where brightness is flat or changes evenly."""
    return (FilterKernel("laplacian", np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])),)
