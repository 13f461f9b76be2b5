"""Picture: pixels as they are, such as a method has made."""

from __future__ import annotations

import numpy as np

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.drawers.drawing import Drawing, enlarged, nearest
from striate.report.drawers.map_figure import figure, svg_of
from striate.report.embedded_images import png
from striate.report.network_look_result import LookMap


def draw_picture(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """A picture (H, W, C) uint8, C = 1 or 3."""
    values = found.array
    shown = np.asarray(values[..., 0] if values.shape[2] == 1 else values, np.uint8)
    drawn = nearest(shown, enlarged(shown.shape[:2]))
    file = png(drawn)
    return Drawing(figure(one, file, drawn.shape[:2], one.title), file, svg_of(one, file, drawn.shape[:2]))
