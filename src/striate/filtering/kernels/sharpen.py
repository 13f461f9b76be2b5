"""Sharpening kernel: the pixel minus its Laplacian."""

from __future__ import annotations

import numpy as np

from striate.filtering.filter_kernel import FilterKernel


def make() -> tuple[FilterKernel, ...]:
    """Five times the pixel minus its four neighbours; the weights sum to 1, so flat parts stay as they are."""
    return (FilterKernel("sharpen", np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])),)
