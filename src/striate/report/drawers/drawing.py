"""Drawing of a map: its part of the page, and its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from striate.model.preprocessing import Pixels
from striate.report.colours import luma

MAP_SIDE = 320  # pixels of the longer side of a map that is drawn alone


@dataclass(frozen=True)
class Drawing:
    """Drawing of a map: its HTML, its PNG file or what makes one that the page does not need, and its SVG file.

    A file that it has not is None.
    """

    html: Markup
    png: bytes | Callable[[], bytes] | None = None
    svg: str | None = None


def enlarged(size: tuple[int, int], side: int = MAP_SIDE) -> tuple[int, int]:
    """(height, width) with about `side` pixels on the longer side, by a whole factor where it is enlarged.

    >>> enlarged((28, 28)), enlarged((500, 250)), enlarged((224, 224))
    ((308, 308), (320, 160), (224, 224))
    """
    longest = max(size)
    factor: float = max(1, side // longest) if longest <= side else side / longest
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def bilinear(values: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    """A map (H, W) resized to (height, width), float32: bilinear where it grows, averaged where it shrinks."""
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))


def nearest(values: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels (H, W) or (H, W, 3) uint8 resized to (height, width): squares if they grow, means if they shrink."""
    shrinks = values.shape[0] > size[0]
    how = Image.Resampling.BOX if shrinks else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(np.ascontiguousarray(values)).resize(size[::-1], how))


def grey(pixels: Pixels, size: tuple[int, int]) -> NDArray[np.float32]:
    """A picture (H, W, C) uint8 as greys (height, width), float32 in 0..255."""
    return np.asarray(nearest(luma(pixels).round().astype(np.uint8), size), np.float32)
