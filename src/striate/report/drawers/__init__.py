"""Drawers of the maps of `striate look`: `DRAWERS`, one for each kind of drawing, a file each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

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


class Drawer(NamedTuple):
    """Drawer of a kind of map.

    draw: of a map, its explanation, and the picture that is explained, if there is one.
    scaled: whether values are drawn by a display scale, which alike maps share.
    """

    draw: Callable[[LookMap, Explanation, Pixels | None], Drawing]
    scaled: bool = False


DRAWERS: Mapping[str, Drawer] = MappingProxyType({
    "overlay": Drawer(draw_overlay, scaled=True), "signed": Drawer(draw_signed, scaled=True),
    "sizes": Drawer(draw_sizes, scaled=True), "tiles": Drawer(draw_tiles, scaled=True),
    "labels": Drawer(draw_labels), "picture": Drawer(draw_picture), "crops": Drawer(draw_crops),
    "curve": Drawer(draw_curve), "points": Drawer(draw_points), "table": Drawer(draw_table),
})
