"""Overlay: a map over the grey picture, with the line of half its scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.colours import ORANGE_TO_BLUE, VIRIDIS, Bytes
from striate.report.display_scale import DisplayScale
from striate.report.drawers.drawing import Drawing, bilinear, enlarged, grey
from striate.report.drawers.map_figure import figure, svg_of
from striate.report.embedded_images import png
from striate.report.network_look_result import LookMap

FAINT, STRONG = 0.3, 0.75  # opacity of the colours at the ends of the scale


def draw_overlay(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:
    """A map (H, W), upsampled bilinear, over the picture (H, W, C) uint8; alone if there is none."""
    assert one.scale is not None
    values = found.array
    if pixels is None:
        pixels = np.full((*values.shape, 1), 128, np.uint8)
    laid = overlay(values, pixels, one.scale)
    file = png(laid)
    alt = f"Map of {one.title} over the grey picture"
    return Drawing(figure(one, file, laid.shape[:2], alt), file, svg_of(one, file, laid.shape[:2]))


def overlay(values: NDArray[Any], pixels: Pixels, scale: DisplayScale) -> Bytes:
    """A map (H, W) over the grey picture (H, W, C) uint8, as (h, w, 3) uint8 with about 320 pixels on the longer side.

    The stronger, the less of the picture shows through. A line, black beside white, is where half the scale is passed;
    below zero it is dashed.
    """
    size = enlarged(pixels.shape[:2])
    upsampled = bilinear(values, size)
    indices = scale.levels(upsampled)
    strength = np.abs(indices / 255 - 0.5) * 2 if scale.diverging else indices / 255
    opacity = (FAINT + (STRONG - FAINT) * strength)[..., None]
    palette = ORANGE_TO_BLUE if scale.diverging else VIRIDIS
    laid = (1 - opacity) * grey(pixels, size)[..., None] + opacity * palette[indices]
    below = scale.diverging & (indices < 128)
    for inside, dashed in (((strength >= 0.5) & ~below, False), ((strength >= 0.5) & below, True)):
        drawn = np.add.outer(np.arange(size[0]), np.arange(size[1])) % 8 < (4 if dashed else 8)
        laid[_border(inside) & drawn], laid[_border(~inside) & drawn] = 255, 0
    return np.asarray(laid.round(), np.uint8)


def _border(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of a region that touch one outside of it."""
    outside = ~inside
    found = np.zeros_like(inside)
    found[1:] |= outside[:-1]
    found[:-1] |= outside[1:]
    found[:, 1:] |= outside[:, :-1]
    found[:, :-1] |= outside[:, 1:]
    return found & inside
