"""Embedded images of a page: uint8 arrays as PNG data URIs, small ones enlarged by whole factors."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from PIL import Image

LONGEST = 160  # pixels of the longer side, at most: twice what is shown, for sharp screens


@dataclass(frozen=True, eq=False)
class SamplePicture:
    """A picture of class `label`: `pixels` (H, W, C) uint8, C 1 or 3; `key` is its name in the data set."""

    label: int
    pixels: npt.NDArray[np.uint8]
    key: str


@dataclass(frozen=True, eq=False)
class Misclassified:
    """A picture of class `actual` taken for `predicted` with `probability` 0..1; `pixels` (H, W, C) uint8."""

    key: str
    pixels: npt.NDArray[np.uint8]
    actual: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class EmbeddedImage:
    """An embedded image: its data URI and its size in CSS pixels."""

    uri: Markup
    width: int
    height: int
    enlarged: bool


def show(pixels: npt.NDArray[np.uint8], side: int = 84) -> EmbeddedImage:
    """`pixels` (H, W, C) uint8, C 1 or 3, for display at about `side` CSS pixels on the longer side.

    >>> shown = show(np.zeros((28, 14, 1), np.uint8))
    >>> shown.width, shown.height, shown.enlarged                        # three times 14 × 28
    (42, 84, True)
    >>> str(shown.uri[:22])
    'data:image/png;base64,'
    """
    longest = max(pixels.shape[:2])
    factor = max(1, round(side / longest)) if longest <= 1.5 * side else side / longest
    width, height = (max(1, round(length * factor)) for length in pixels.shape[1::-1])
    return EmbeddedImage(uri(pixels, LONGEST), width, height, factor > 1)


def uri(pixels: npt.NDArray[np.uint8], longest: int) -> Markup:
    """`pixels` (H, W, C) uint8, C 1 or 3, as the data URI of a PNG of at most `longest` pixels on the longer side."""
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return Markup("data:image/png;base64," + b64encode(buffer.getvalue()).decode("ascii"))  # noqa: S704 - base64
