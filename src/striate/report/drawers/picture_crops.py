"""Picture crops: the pictures that excite a unit most, cut to what it sees, and beside them what comes back from it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, cast

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.colours import Bytes
from striate.report.drawers.drawing import Drawing
from striate.report.drawers.map_figure import svg_of
from striate.report.drawers.tile_sheet import place, sprite
from striate.report.embedded_images import data_uri, png
from striate.report.network_look_result import LookMap
from striate.report.page_environment import environment

if TYPE_CHECKING:
    from striate.convnet.explain.strongest import Strongest

CROP, ACROSS, GAP = 100, 3, 6  # pixels of a crop, crops in a row, and pixels between them
PAPER = 128  # around crops that are not square


def draw_crops(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """The pictures of the one unit that `found` shows; `one.tiles` are their names, values, and classes."""
    (unit,) = cast("Strongest", found).shown
    if not unit.pictures:
        return Drawing(Markup("<h3>{}</h3><p class=\"note\">No picture excites it.</p>").format(one.title))
    assert one.scale is not None
    crops = np.stack([framed(coloured(picture.pixels)) for picture in unit.pictures])
    back = np.stack([framed(coloured(one.scale.levels(picture.projection))) for picture in unit.pictures])
    sheets = [apart(crops), apart(back)]
    both = np.concatenate([sheets[0], np.full((sheets[0].shape[0], 12, 3), 255, np.uint8), sheets[1]], 1)
    file = png(both)
    rows = ceil(len(crops) / ACROSS)
    places = [(place(index % ACROSS, ACROSS, CROP), place(index // ACROSS, rows, CROP)) for index in range(len(crops))]
    html = environment().get_template("look_crops.html.j2").render(
        map=one, sheets=[data_uri(png(sprite(tiles, ACROSS))) for tiles in (crops, back)], places=places,
        across=f"{100 * ACROSS * (CROP + 2) / CROP:.3f}%", down=f"{100 * rows * (CROP + 2) / CROP:.3f}%")
    return Drawing(Markup(html), file, svg_of(one, file, both.shape[:2]))  # noqa: S704 - a template's own text


def apart(tiles: Bytes) -> Bytes:
    """Square tiles (n, 100, 100, 3) in one picture, three in a row, with white gaps between them."""
    rows, full = ceil(len(tiles) / ACROSS), CROP + GAP
    sheet = np.full((rows * full - GAP, ACROSS * full - GAP, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = full * (index // ACROSS), full * (index % ACROSS)
        sheet[top : top + CROP, left : left + CROP] = tile
    return sheet


def coloured(pixels: NDArray[np.uint8]) -> Bytes:
    """Pixels (h, w, C) uint8, C = 1 or 3, as (h, w, 3)."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def framed(pixels: Bytes) -> Bytes:
    """Pixels (h, w, 3) as a square of 100 pixels: as large as they fit, in the middle of a grey one."""
    height, width = pixels.shape[:2]
    factor = CROP / max(height, width)
    size = max(1, round(height * factor)), max(1, round(width * factor))
    how = Image.Resampling.NEAREST if factor > 2 else Image.Resampling.BILINEAR if factor > 1 else Image.Resampling.BOX
    drawn = np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size[::-1], how))
    square = np.full((CROP, CROP, 3), PAPER, np.uint8)
    top, left = (CROP - size[0]) // 2, (CROP - size[1]) // 2
    square[top : top + size[0], left : left + size[1]] = drawn
    return square
