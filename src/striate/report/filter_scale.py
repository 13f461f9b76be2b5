"""Display scales of filtered pictures, and numbers as their colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.report.colours import AGAINST, FOR, Bytes
from striate.report.display_scale import DisplayScale

SAMPLED = 1_000_000  # numbers from which the ends of a scale are taken
BEYOND = 1.0  # per cent of the numbers of a larger result that may lie beyond the ends, so that most can be told apart
ALL = 4096  # a result of fewer numbers is shown from its smallest to its largest
STRIP = 1 << 20  # numbers at a time
WHITE = 255.0
ROUNDING = 1e-9  # of the length of a scale; beyond its ends by less is no news


def colours_of(values: NDArray[Any], scale: DisplayScale) -> Bytes:
    """`values` (H, W), or (H, W, 3), as (H, W, 3) uint8.

    Black to white; on a diverging scale orange below zero, white, and blue above it. Of a colour picture each channel
    is shown as itself: on a diverging scale zero is grey, brighter is above it, darker below it.

    >>> colours_of(np.array([[-2, 0, 2]]), DisplayScale(-2, 2, diverging=True)).tolist()
    [[[235, 110, 10], [255, 255, 255], [40, 130, 230]]]
    """
    found = np.empty((*values.shape[:2], 3), np.uint8)
    step = max(1, STRIP // values[0].size)
    for top in range(0, len(values), step):
        found[top : top + step] = _strip(values[top : top + step], scale).round()
    return found


def _strip(values: NDArray[Any], scale: DisplayScale) -> NDArray[np.float64]:
    part = scale.places(values.astype(np.float64))
    if not scale.diverging or values.ndim == 3:
        return np.broadcast_to(255 * (part if values.ndim == 3 else part[..., None]), (*values.shape[:2], 3))
    depth = np.abs(2 * part - 1)[..., None]
    colour = np.where(part[..., None] > 0.5, np.array(FOR, np.float64), np.array(AGAINST, np.float64))
    return np.asarray((1 - depth) * WHITE + depth * colour)


def scale_of_input(values: NDArray[Any]) -> DisplayScale:
    """The scale of what was filtered: 0 to 255 of a picture, else its range and zero, in the middle if it is signed."""
    if values.dtype == np.uint8:
        return DisplayScale(0, 255)
    low, high = float(min(0, values.min())), float(max(0, values.max()))
    end = max(-low, high)
    return DisplayScale(-end, end, diverging=True) if low < 0 else DisplayScale(low, high or 1.0)


def scale_of_result(values: NDArray[Any], signed: bool, like: DisplayScale | None) -> DisplayScale:
    """The scale of a result: that of what was filtered (`like`), or one of its own, with zero in the middle or below.

    >>> scale_of_result(np.array([[-3.0, 1.0]]), True, None)
    DisplayScale(low=-3.0, high=3.0, beyond=0.0, diverging=True)
    """
    sample = np.abs(values.reshape(-1)[:: max(1, values.size // SAMPLED)])
    if like is None:
        end = float(sample.max() if values.size <= ALL else np.percentile(sample, 100 - BEYOND)) or 1.0
        like = DisplayScale(-end if signed else 0.0, end, diverging=signed)
    slack = ROUNDING * (like.high - like.low)
    outside = int(np.count_nonzero((values < like.low - slack) | (values > like.high + slack)))
    return DisplayScale(like.low, like.high, outside / values.size, like.diverging)
