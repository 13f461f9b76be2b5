"""Pictures on which there is little to see: blank, too dark, too bright, blurred."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from striate.quality.finding import Case, Check
from striate.quality.near_duplicates import BLANK
from striate.quality.scan import ScannedSource

DARK, BRIGHT = 50, 225  # luma, of 255: nearly all of a dark picture is below, of a bright one above
BLURRED = 0.003  # variance of the Laplacian over that of the picture, brought to 96×96
SHARP_FROM = 65  # pixels: smaller pictures have no blur to speak of


def blank(examined: ScannedSource) -> Iterator[Case]:
    """Pictures of one shade."""
    for i in np.flatnonzero(_blank(examined)):
        yield Case((examined.keys[i],), f"standard deviation {examined.measures.spread[i]:.1f} of 255")


def dark(examined: ScannedSource) -> Iterator[Case]:
    """Pictures that hardly reach a grey."""
    high = examined.measures.high
    for i in _where((high < DARK) & ~_blank(examined), high):
        yield Case((examined.keys[i],), f"99 % of it is darker than {high[i]:.0f} of 255")


def bright(examined: ScannedSource) -> Iterator[Case]:
    """Pictures that are nearly white all over."""
    low = examined.measures.low
    for i in _where((low > BRIGHT) & ~_blank(examined), -low):
        yield Case((examined.keys[i],), f"99 % of it is brighter than {low[i]:.0f} of 255")


def blurred(examined: ScannedSource) -> Iterator[Case]:
    """Pictures without any fine detail."""
    detail = examined.measures.detail
    large = (examined.sides >= SHARP_FROM).all(axis=1)
    for i in _where((detail < BLURRED) & large & ~_blank(examined), detail):
        yield Case((examined.keys[i],), f"detail {detail[i]:.4f}")


def _blank(examined: ScannedSource) -> NDArray[np.bool_]:
    return np.asarray(examined.measures.spread < BLANK)


def _where(so: NDArray[np.bool_], order: NDArray[np.float32]) -> NDArray[np.int64]:
    found = np.flatnonzero(so)
    return found[np.argsort(order[found], kind="stable")]


KINDS = (
    Check("blank", "warning", "blank pictures", "There is nothing to recognise on them. Delete them.", blank),
    Check("dark", "warning", "pictures that are too dark",
         "Look whether a person would know what they show.", dark),
    Check("bright", "warning", "pictures that are too bright",
         "Look whether a person would know what they show.", bright),
    Check("blurred", "warning", "blurred pictures", "Look whether a person would know what they show.", blurred),
)
