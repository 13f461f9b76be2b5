"""Arithmetic of a filter at one pixel: window, weights, products and their sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core.result import Result
from striate.filtering.correlation import bordered, products_in_order
from striate.filtering.filter_kernel import FilterKernel


@dataclass(frozen=True, eq=False)
class PixelSum(Result):
    """Sum of one filtered pixel: of `kernel`, by name, in one `channel`, from 0.

    Attributes:
        window: (rows, columns), what the kernel lies on, numbers beyond the border included.
        weights: (rows, columns), as they lie on it.
        products: (rows, columns), window times weights.
        sum: their sum, which is the filtered pixel to the last bit.

    """

    kernel: str
    channel: int
    window: NDArray[Any]
    weights: NDArray[Any]
    products: NDArray[Any]
    sum: float


def pixel_sum(values: NDArray[Any], kernel: FilterKernel, border: str, row: int, column: int, *,
              convolution: bool = False, channel: int = 0) -> PixelSum:
    """The sum at one pixel of `values` (H, W), int64 if all numbers are whole, else float64.

    >>> found = pixel_sum(np.array([[1, 2], [3, 4]]), FilterKernel("box", np.full((3, 3), 0.5)), "zero", 0, 0)
    >>> found.window.tolist(), found.sum
    ([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0], [0.0, 3.0, 4.0]], 5.0)
    """
    whole = values.dtype.kind in "iu" and kernel.weights.dtype.kind == "i"
    (above, left), (rows, columns) = kernel.before(convolution), kernel.weights.shape
    window = bordered(values, range(row - above, row - above + rows), range(column - left, column - left + columns),
                      border)
    total = 0.0
    for group in products_in_order(kernel.weights, convolution):
        together, *rest = [weight * float(window[y, x]) for y, x, weight in group]
        for product in rest:
            together += product
        total += together
    laid = kernel.laid(convolution)
    products = window * laid
    if whole:
        return PixelSum(kernel.name, channel, window.astype(np.int64), laid, products.astype(np.int64), int(total))
    return PixelSum(kernel.name, channel, window, laid, products, total)
