"""Display scale: which values are drawn as the first and the last colour, and where a value lies between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core.result import Result


@dataclass(frozen=True)
class DisplayScale(Result):
    """Display scale of a map: the values at the ends of its legend, and the share of values beyond them, 0..1.

    Attributes:
        low, high: values drawn as the first and the last colour.
        beyond: the share of values outside, which are drawn as the ends.
        diverging: whether zero is in the middle; else the colours run from low to high.

    """

    low: float
    high: float
    beyond: float = 0.0
    diverging: bool = False

    def places(self, values: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """Values of any shape as places on the scale, 0 at `low` to 1 at `high`; those beyond it are at its ends.

        >>> DisplayScale(-2, 2, diverging=True).places(np.array([-3.0, 0.0, 1.0])).tolist()
        [0.0, 0.5, 0.75]
        """
        span = self.high - self.low
        if not span:
            return np.full(values.shape, 0.5 if self.diverging else 0.0)
        # In float64, as a span such as 1e-149, of probabilities, is 0 in float32.
        return np.asarray((np.asarray(values, np.float64).clip(self.low, self.high) - self.low) / span)

    def levels(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Values of any shape as indices of a palette of 256 colours.

        >>> DisplayScale(-1, 1, diverging=True).levels(np.array([-2.0, 0.0, 1.0])).tolist()
        [0, 128, 255]
        >>> DisplayScale(-1e-40, 1e-40, diverging=True).levels(np.float32([-1e-40, 0.0, 1e-40])).tolist()
        [0, 128, 255]
        """
        return np.asarray((255 * self.places(values)).round(), np.uint8)
