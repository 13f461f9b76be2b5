"""Drawers of the maps of `striate look`: `DRAWERS`, one for each kind of drawing, a file each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.drawers.drawing import Drawing
from striate.report.drawers.label_map import draw_labels
from striate.report.drawers.layer_curve import draw_curve
from striate.report.drawers.overlay import draw_overlay
from striate.report.drawers.picture import draw_picture
from striate.report.drawers.picture_crops import draw_crops
from striate.report.drawers.point_map import draw_points
from striate.report.drawers.signed_map import draw_signed
from striate.report.drawers.size_map import draw_sizes
from striate.report.drawers.tile_sheet import draw_tiles
from striate.report.drawers.value_table import draw_table
from striate.report.network_look_result import LookMap

# Of a map, its explanation, and the picture that is explained, if there is one.
DRAWERS: Mapping[str, Callable[[LookMap, Explanation, Pixels | None], Drawing]] = MappingProxyType({
    "overlay": draw_overlay, "signed": draw_signed, "tiles": draw_tiles, "table": draw_table, "picture": draw_picture,
    "labels": draw_labels, "sizes": draw_sizes, "crops": draw_crops,
    "curve": draw_curve, "points": draw_points,
})
