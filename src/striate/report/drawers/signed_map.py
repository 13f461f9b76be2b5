"""Signed map: values for each pixel as greys or colours around a middle grey, which is zero."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.colours import Bytes
from striate.report.display_scale import DisplayScale
from striate.report.drawers.drawing import Drawing, enlarged, nearest
from striate.report.drawers.map_figure import figure, svg_of
from striate.report.embedded_images import png
from striate.report.network_look_result import LookMap


def draw_signed(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """A map (H, W) or (H, W, C): of C = 3 each channel's values are its red, green or blue."""
    assert one.scale is not None
    drawn = signed_pixels(found.array, one.scale)
    file = png(drawn)
    alt = f"Map of {one.title}; middle grey is zero"
    return Drawing(figure(one, file, drawn.shape[:2], alt), file, svg_of(one, file, drawn.shape[:2]))


def signed_pixels(values: NDArray[Any], scale: DisplayScale) -> Bytes:
    """Values (H, W) or (H, W, C) as (h, w) or (h, w, 3) uint8 with about 320 pixels on the longer side; zero is 128."""
    if values.ndim == 3:
        values = values if values.shape[2] == 3 else values.sum(2)
    levels = scale.levels(values)
    return nearest(levels, enlarged(levels.shape[:2]))
