"""Crops: the part of a picture that one unit sees, cut out of the picture's file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from striate.arch.unit_field import pixels_seen
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.look_data import LookData
from striate.convnet.explain.target import Target
from striate.data.original import Original
from striate.data.placement import Box
from striate.data.resize import resize_picture
from striate.model.preprocessing import Pixels

LONGEST = 256  # pixels of a crop's longer side; a larger one is reduced


@dataclass(frozen=True, eq=False)
class Crop:
    """Crop of a picture: what one unit sees of it.

    Attributes:
        seen: (top, left, bottom, right) in the packed picture, whole pixels, clipped to it.
        box: (top, left, bottom, right) in the file's picture, upright, whole pixels; None where there is no file, or
            where the unit sees none of it (black bars).
        pixels: (h, w, C) uint8 of the file's picture, or of the packed one where `box` is None; at most 256 a side.

    """

    seen: tuple[int, int, int, int]
    box: tuple[int, int, int, int] | None
    pixels: Pixels


def box_seen(model: ExplainedNet, target: Target) -> Box:
    """What a unit at a position sees of a packed picture; the whole of it for a class of a transfer."""
    _, height, width = model.network.input
    if target.layer == HEAD and model.head:
        return Box(0, 0, width, height)
    assert target.at is not None
    rows, columns = pixels_seen(model.network, target.layer, target.at, target.unit)
    return Box(columns.start, rows.start, columns.stop, rows.stop)


def crop_of(data: LookData, index: int, seen: Box, original: Original | None) -> Crop:
    """The crop of picture `index`, whose file is `original`, that shows `seen`, a box of the packed picture."""
    rows, columns = seen.whole_pixels()
    own = rows.start, columns.start, rows.stop, columns.stop
    found = original.back(seen) if original else None
    if original is None or found is None or found.is_empty:
        return Crop(own, None, reduced(data.pictures.take(np.array([index]))[0][rows, columns]))
    rows, columns = found.whole_pixels()
    box = rows.start, columns.start, rows.stop, columns.stop
    return Crop(own, box, reduced(original.pixels[rows, columns]))


def reduced(pixels: Pixels, longest: int = LONGEST) -> Pixels:
    """A copy of pixels (H, W, C), made smaller where its longer side is above `longest`.

    >>> reduced(np.zeros((600, 300, 3), np.uint8)).shape
    (256, 128, 3)
    """
    height, width, channels = pixels.shape
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels.copy()
    return resize_picture(pixels, (max(1, round(height * scale)), max(1, round(width * scale))), "squash", channels)
