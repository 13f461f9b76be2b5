"""Sheet of tiles: filters, maps or patches side by side in one picture, cut into tiles by the page."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.model.preprocessing import Pixels
from striate.report.drawers.drawing import Drawing, nearest
from striate.report.drawers.palette import Bytes, levels_of, palette_of
from striate.report.embedded_images import data_uri, png
from striate.report.network_look_result import DisplayScale, LookMap
from striate.report.train_page import environment

LARGEST = 72  # pixels of the longer side of a tile in the sheet; smaller ones are not enlarged


def draw_tiles(one: LookMap, values: NDArray[Any], pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """Tiles (n, H, W) or (n, H, W, C), of C = 3 in colour; those of `one.tiles`, all at one scale."""
    tiles = tile_pixels(values[[tile.index for tile in one.tiles]], one.scale)
    columns = ceil(sqrt(len(tiles)))
    sheet = sprite(tiles, columns)
    file = png(sheet, None if sheet.ndim == 3 or one.scale is None else palette_of(one.scale))
    rows = ceil(len(tiles) / columns)
    places = [_place(index, columns, rows) for index in range(len(tiles))]
    html = environment().get_template("look_tiles.html.j2").render(
        map=one, uri=data_uri(file), columns=columns, rows=rows, tiles=list(zip(one.tiles, places, strict=True)),
        height=tiles.shape[1], width=tiles.shape[2])
    return Drawing(Markup(html), file)  # noqa: S704 - a template's own text


def tile_pixels(values: NDArray[Any], scale: DisplayScale | None) -> Bytes:
    """Tiles as uint8: indices of the scale's palette, or colours; as they are without a scale; 72 pixels at most."""
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    tiles = values.astype(np.uint8) if scale is None else levels_of(values, scale)
    factor = LARGEST / max(tiles.shape[1:3])
    if factor >= 1:
        return tiles
    size = max(1, round(tiles.shape[1] * factor)), max(1, round(tiles.shape[2] * factor))
    return np.stack([nearest(tile, size) for tile in tiles])


def sprite(tiles: Bytes, columns: int) -> Bytes:
    """Tiles (n, h, w[, 3]) in one picture, `columns` in each row."""
    count, height, width = tiles.shape[:3]
    rows = ceil(count / columns)
    sheet = np.zeros((rows * columns, *tiles.shape[1:]), np.uint8)
    sheet[:count] = tiles
    sheet = sheet.reshape(rows, columns, *tiles.shape[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(sheet.reshape(rows * height, columns * width, *tiles.shape[3:]))


def _place(index: int, columns: int, rows: int) -> tuple[str, str]:
    """Where a tile is in the sheet, as CSS `background-position`."""
    row, column = divmod(index, columns)
    return f"{100 * column / max(1, columns - 1):.3f}%", f"{100 * row / max(1, rows - 1):.3f}%"
