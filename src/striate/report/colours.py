"""Colours of pages: for and against, greys of pictures, and palettes of maps.

Palettes are viridis from the lowest to the highest value; greys, or orange to blue, with zero in the middle. viridis
and the greys rise in lightness, so that they are read without colour; orange and blue lie over a picture, where lines
tell them apart. viridis: van der Walt & Smith (2015), as in matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.report.display_scale import DisplayScale

Bytes = NDArray[np.uint8]
# 18 colours of matplotlib's viridis, equally spaced; between them it is linear to within 5 of 255.
ANCHORS = (
    "440154", "481769", "472a7a", "433d84", "3d4e8a", "355e8d", "2e6d8e", "297b8e", "23898e",
    "1f978b", "21a585", "2eb37c", "46c06f", "65cb5e", "89d548", "b0dd2f", "d8e219", "fde725",
)  # fmt: skip
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R 601
FOR, AGAINST = (40, 130, 230), (235, 110, 10)  # blue and orange differ for every kind of colour vision
MIDDLE = (128, 128, 128)


def _between(anchors: Sequence[Sequence[int]]) -> Bytes:
    colours, places = np.array(anchors, float), np.linspace(0, len(anchors) - 1, 256)
    found = [np.interp(places, np.arange(len(anchors)), colours[:, i]) for i in range(3)]
    return np.stack(found, 1).round().astype(np.uint8)


VIRIDIS = _between([[int(one[i : i + 2], 16) for i in (0, 2, 4)] for one in ANCHORS])
ORANGE_TO_BLUE = _between([AGAINST, MIDDLE, FOR])
GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)


def palette_of(scale: DisplayScale) -> Bytes:
    """The palette (256, 3) uint8 of a scale: greys if it is diverging, else viridis."""
    return GREYS if scale.diverging else VIRIDIS


def luma(pixels: Bytes) -> NDArray[np.float64]:
    """A picture (H, W, C) uint8, C = 1 or 3, as greys (H, W), 0..255, by ITU-R 601.

    >>> luma(np.uint8([[[100, 200, 50]]])).round(6).tolist()  # 0.299 · 100 + 0.587 · 200 + 0.114 · 50
    [[153.0]]
    """
    return np.asarray(pixels @ LUMA if pixels.shape[2] == 3 else pixels[..., 0], np.float64)


def hexadecimal(colour: Sequence[int] | Bytes) -> str:
    """A colour in CSS: `hexadecimal(FOR)` is `#2882e6`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
