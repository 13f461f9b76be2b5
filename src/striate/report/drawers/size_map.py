"""Size map: one value for each pixel from zero up, by itself and not over the picture."""

from __future__ import annotations

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.colours import VIRIDIS
from striate.report.drawers.drawing import Drawing, enlarged, nearest
from striate.report.drawers.map_figure import figure, svg_of
from striate.report.embedded_images import png
from striate.report.network_look_result import LookMap


def draw_sizes(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """A map (H, W), the darkest zero."""
    assert one.scale is not None
    drawn = nearest(one.scale.levels(found.array), enlarged(found.array.shape))
    file = png(drawn, VIRIDIS)
    return Drawing(figure(one, file, drawn.shape[:2], f"Map of {one.title}"), file, svg_of(one, file, drawn.shape[:2]))
