"""Switches of max pooling by looking at every pixel of every window."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def brute_force(layer: Any, x: NDArray[Any]) -> NDArray[np.int64]:
    """For each output of `layer` on `x` (N, C, H, W) the first of the largest pixels, row · W + column."""
    height, width = x.shape[2:]
    if layer.kind == "global_pool":
        return x.reshape(*x.shape[:2], -1).argmax(2)[:, :, None, None]
    rows, columns = layer.window.output(height, width)
    (top, _), (left, _) = layer.window.pads(height, width)
    (high, wide), (down, across) = layer.window.kernel, layer.window.stride
    found = np.full((*x.shape[:2], rows, columns), -1)
    for n, c, i, j in np.ndindex(*found.shape):
        best = -np.inf
        for row in range(i * down - top, i * down - top + high):
            for column in range(j * across - left, j * across - left + wide):
                if 0 <= row < height and 0 <= column < width and x[n, c, row, column] > best:
                    best, found[n, c, i, j] = x[n, c, row, column], row * width + column
    return found
