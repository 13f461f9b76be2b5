"""Checks of appearance: blank, dark, bright and blurred pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from striate.quality.finding import Case, check
from striate.quality.near_duplicates import BLANK
from striate.quality.scan import ScannedSource

DARK, BRIGHT = 50, 225  # luma, of 255: nearly all of a dark picture is below, of a bright one above
BLURRED = 0.003  # variance of the Laplacian over that of the picture, resized to 96×96
SHARP_FROM = 65  # pixels: blur cannot be measured on smaller pictures


@check("blank", "warning", "blank pictures", "There is nothing to recognise on them. Delete them.")
def blank(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures of one shade."""
    for i in np.flatnonzero(_blank(scanned)):
        yield Case((scanned.keys[i],), f"standard deviation {scanned.statistics.std[i]:.1f} of 255")


@check("dark", "warning", "pictures that are too dark", "Look whether a person would know what they show.")
def dark(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that hardly reach a grey."""
    high = scanned.statistics.high
    for i in _sorted_indices((high < DARK) & ~_blank(scanned), high):
        yield Case((scanned.keys[i],), f"99 % of it is darker than {high[i]:.0f} of 255")


@check("bright", "warning", "pictures that are too bright", "Look whether a person would know what they show.")
def bright(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that are nearly white all over."""
    low = scanned.statistics.low
    for i in _sorted_indices((low > BRIGHT) & ~_blank(scanned), -low):
        yield Case((scanned.keys[i],), f"99 % of it is brighter than {low[i]:.0f} of 255")


@check("blurred", "warning", "blurred pictures", "Look whether a person would know what they show.")
def blurred(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures without any fine detail."""
    detail = scanned.statistics.detail
    large = (scanned.sides >= SHARP_FROM).all(axis=1)
    for i in _sorted_indices((detail < BLURRED) & large & ~_blank(scanned), detail):
        yield Case((scanned.keys[i],), f"detail {detail[i]:.4f}")


def _blank(scanned: ScannedSource) -> NDArray[np.bool_]:
    return np.asarray(scanned.statistics.std < BLANK)


def _sorted_indices(mask: NDArray[np.bool_], order: NDArray[np.float32]) -> NDArray[np.int64]:
    found = np.flatnonzero(mask)
    return found[np.argsort(order[found], kind="stable")]


CHECKS = [blank, dark, bright, blurred]
