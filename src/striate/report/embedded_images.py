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
    return data_uri(buffer.getvalue())


def png(pixels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8] | None = None) -> bytes:
    """A PNG file of `pixels` (H, W, 3), or (H, W), which are greys or indices of a `palette` (256, 3).

    Written at zlib's quickest level, for pages of hundreds of maps: a sixth of the time of `uri`, 1.3 times its size.
    """
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if palette is not None:
        picture.putpalette(np.ascontiguousarray(palette).tobytes(), "RGB")
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def data_uri(file: bytes) -> Markup:
    """The data URI of a PNG file."""
    return Markup("data:image/png;base64," + b64encode(file).decode("ascii"))  # noqa: S704 - base64
