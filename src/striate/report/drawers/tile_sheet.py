"""Sheet of tiles: filters, maps or patches side by side in one picture, cut into tiles by the page."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.colours import Bytes, palette_of
from striate.report.display_scale import DisplayScale
from striate.report.drawers.drawing import Drawing, nearest
from striate.report.drawers.map_figure import svg_of
from striate.report.embedded_images import data_uri, png
from striate.report.network_look_result import LookMap
from striate.report.page_environment import environment

LARGEST, LARGE = 72, 160  # pixels of the longer side of a tile, and of a picture; smaller ones are not enlarged


def draw_tiles(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """Tiles (n, H, W) or (n, H, W, C), of C = 3 in colour; those of `one.tiles`, all at one scale."""
    tiles = tile_pixels(found.array[[tile.index for tile in one.tiles]], one.scale)
    columns = ceil(sqrt(len(tiles)))
    sheet = sprite(tiles, columns)
    file = png(sheet, None if sheet.ndim == 3 or one.scale is None else palette_of(one.scale))
    rows = ceil(len(tiles) / columns)
    height, width = tiles.shape[1:3]
    places = [(place(index % columns, columns, width), place(index // columns, rows, height))
              for index in range(len(tiles))]
    html = environment().get_template("look_tiles.html.j2").render(
        map=one, uri=data_uri(file), height=height, width=width, tiles=list(zip(one.tiles, places, strict=True)),
        across=f"{100 * columns * (width + 2) / width:.3f}%", down=f"{100 * rows * (height + 2) / height:.3f}%")
    return Drawing(Markup(html), file, svg_of(one, file, sheet.shape[:2]))  # noqa: S704 - a template's own text


def tile_pixels(values: NDArray[Any], scale: DisplayScale | None) -> Bytes:
    """Tiles as uint8: indices of the scale's palette, or colours; as they are without a scale."""
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    tiles = values.astype(np.uint8) if scale is None else scale.levels(values)
    factor = (LARGEST if scale else LARGE) / max(tiles.shape[1:3])
    if factor >= 1:
        return tiles
    size = max(1, round(tiles.shape[1] * factor)), max(1, round(tiles.shape[2] * factor))
    return np.stack([nearest(tile, size) for tile in tiles])


def sprite(tiles: Bytes, columns: int) -> Bytes:
    """Tiles (n, h, w[, 3]) in one picture, `columns` in each row, each with its outermost pixels twice.

    A browser that rounds the place of a tile then shows its own pixels at the edge, not its neighbour's.
    """
    tiles = np.pad(tiles, ((0, 0), (1, 1), (1, 1), *[(0, 0)] * (tiles.ndim - 3)), mode="edge")
    count, height, width = tiles.shape[:3]
    rows = ceil(count / columns)
    sheet = np.zeros((rows * columns, *tiles.shape[1:]), np.uint8)
    sheet[:count] = tiles
    sheet = sheet.reshape(rows, columns, *tiles.shape[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(sheet.reshape(rows * height, columns * width, *tiles.shape[3:]))


def place(index: int, count: int, side: int) -> str:
    """Where a tile of `side` pixels, the `index`th of `count` along an axis, is in a sprite: CSS `background-position`.

    >>> place(0, 1, 6), place(1, 2, 6)  # 1 of 8 - 6 pixels, and 8 + 1 of 16 - 6
    ('50.000%', '90.000%')
    """
    return f"{100 * (index * (side + 2) + 1) / (count * (side + 2) - side):.3f}%"
