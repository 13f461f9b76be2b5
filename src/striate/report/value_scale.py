"""Value scales of filtered pictures: numbers as colours, with both ends and zero printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.report.look_maps import AGAINST, FOR, Pixels

SAMPLED = 1_000_000  # numbers from which the ends of a scale are taken
BEYOND = 1.0  # per cent of the numbers of a larger result that may lie beyond the ends, so that most can be told apart
ALL = 4096  # a result of fewer numbers is shown from its smallest to its largest
STRIP = 1 << 20  # numbers at a time
WHITE = 255.0
ROUNDING = 1e-9  # of the length of a scale; beyond its ends by less is no news


@dataclass(frozen=True)
class ValueScale:
    """Scale from `low` to `high`; `signed` has zero in the middle, and `beyond` is the share of numbers outside it.

    Black to white; signed, orange below zero, white, and blue above it. Of a signed colour picture (`channels`) each
    channel is shown as itself: zero is grey, brighter is above it, darker below it.
    """

    low: float
    high: float
    signed: bool = False
    beyond: float = 0.0
    channels: bool = False

    def colours(self, values: NDArray[Any]) -> Pixels:
        """`values` (H, W), or (H, W, 3), as (H, W, 3) uint8.

        >>> ValueScale(-2, 2, signed=True).colours(np.array([[-2, 0, 2]])).tolist()
        [[[235, 110, 10], [255, 255, 255], [40, 130, 230]]]
        """
        found = np.empty((*values.shape[:2], 3), np.uint8)
        step = max(1, STRIP // values[0].size)
        for top in range(0, len(values), step):
            found[top : top + step] = self._strip(values[top : top + step]).round()
        return found

    def _strip(self, values: NDArray[Any]) -> NDArray[np.float64]:
        part = (values.astype(np.float64) - self.low) / ((self.high - self.low) or 1.0)
        part = part.clip(0, 1)
        if not self.signed or self.channels:
            return np.broadcast_to(255 * (part if values.ndim == 3 else part[..., None]), (*values.shape[:2], 3))
        depth = np.abs(2 * part - 1)[..., None]
        colour = np.where(part[..., None] > 0.5, np.array(FOR, np.float64), np.array(AGAINST, np.float64))
        return np.asarray((1 - depth) * WHITE + depth * colour)


def scale_of_input(values: NDArray[Any]) -> ValueScale:
    """The scale of what was filtered: 0 to 255 of a picture, else its range and zero, in the middle if it is signed."""
    if values.dtype == np.uint8:
        return ValueScale(0, 255)
    low, high = float(min(0, values.min())), float(max(0, values.max()))
    return ValueScale(-max(-low, high), max(-low, high), signed=True) if low < 0 else ValueScale(low, high or 1.0)


def scale_of_result(values: NDArray[Any], signed: bool, like: ValueScale | None) -> ValueScale:
    """The scale of a result: that of what was filtered (`like`), or one of its own, with zero in the middle or below.

    >>> scale_of_result(np.array([[-3.0, 1.0]]), True, None)
    ValueScale(low=-3.0, high=3.0, signed=True, beyond=0.0, channels=False)
    """
    sample = np.abs(values.reshape(-1)[:: max(1, values.size // SAMPLED)])
    if like is None:
        end = float(sample.max() if values.size <= ALL else np.percentile(sample, 100 - BEYOND)) or 1.0
        like = ValueScale(-end if signed else 0.0, end, signed)
    slack = ROUNDING * (like.high - like.low)
    outside = int(np.count_nonzero((values < like.low - slack) | (values > like.high + slack)))
    return ValueScale(like.low, like.high, like.signed, outside / values.size, values.ndim == 3)
