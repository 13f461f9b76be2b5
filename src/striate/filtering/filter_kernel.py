"""Kernel of a filter: its weights, and how they lie on the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]  # int64 or float64


@dataclass(frozen=True, eq=False)
class FilterKernel:
    """Kernel of a filter: `name`, for people, and `weights` (rows, columns), int64 if all are whole, else float64.

    >>> kernel = FilterKernel("edge", np.array([[1, 2], [3, 4]]))
    >>> kernel.laid(convolution=False).tolist(), kernel.laid(convolution=True).tolist()
    ([[1, 2], [3, 4]], [[4, 3], [2, 1]])
    """

    name: str
    weights: Numbers

    @property
    def signed(self) -> bool:
        """Whether it answers to differences: its weights sum to 0 or less, to rounding, and some are negative."""
        return bool(self.weights.min() < 0 and self.weights.sum() <= 1e-9 * np.abs(self.weights).sum())

    def laid(self, convolution: bool) -> NDArray[Any]:
        """The weights as they lie on the picture: a convolution turns them by 180°."""
        return self.weights[::-1, ::-1] if convolution else self.weights

    def before(self, convolution: bool) -> tuple[int, int]:
        """Rows above and columns left of the pixel that its window belongs to.

        Of an even side the pixel is just before the middle; a convolution turns that, too (as SciPy's mode "same").

        >>> kernel = FilterKernel("pair", np.array([[1, -1]]))
        >>> kernel.before(convolution=False), kernel.before(convolution=True)
        ((0, 0), (0, 1))
        """
        rows, columns = self.weights.shape
        return (rows // 2, columns // 2) if convolution else ((rows - 1) // 2, (columns - 1) // 2)
