"""Map of points: pictures at their places in a plane, as thumbnails where there is room, else as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray
from PIL import Image

from striate.errors import shown
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.colours import Bytes
from striate.report.drawers.drawing import Drawing
from striate.report.drawers.label_map import shades_of
from striate.report.drawers.picture_crops import coloured
from striate.report.embedded_images import data_uri, png
from striate.report.network_look_result import LookMap
from striate.report.page_environment import environment

if TYPE_CHECKING:
    from striate.convnet.explain.embedding import Embedding

CANVAS, MARGIN, DOT = 1000, 24, 3  # pixels of the map, of its border, and from a dot's middle to its edge
THUMBNAIL, MOST_NAMED = 32, 40  # pixels; classes with their names on the map


def draw_points(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """Points (n, 2): the pictures of an embedding, with the names of the classes where their pictures are."""
    points = cast("Embedding", found)
    places = laid_out(points.array)
    small = [coloured(pixels) for pixels in points.thumbnails]
    canvas = canvas_of(places, points.labels, small, shades_of(len(points.classes)))
    file = png(canvas)
    svg = named(file, places, points.labels, points.classes)
    html = environment().get_template("look_points.html.j2").render(map=one, svg=Markup(svg))  # noqa: S704
    return Drawing(Markup(html), file, svg)  # noqa: S704 - a template's own text


def laid_out(points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Points (n, 2) as (column, row) pixels of the map, each axis over all of it: t-SNE's axes have no unit.

    >>> laid_out(np.float32([[0, 0], [1, 2]])).tolist()
    [[24, 24], [976, 976]]
    """
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (CANVAS - 2 * MARGIN) / np.maximum(high - low, 1e-12)
    return np.asarray(((points - (low + high) / 2) * scale + CANVAS / 2).round(), np.int64)


def canvas_of(places: NDArray[np.int64], labels: NDArray[np.int64], thumbnails: list[Bytes], shades: Bytes) -> Bytes:
    """The map (1000, 1000, 3) uint8; pictures are thumbnails where they cover none before them, else dots."""
    canvas = np.full((CANVAS, CANVAS, 3), 245, np.uint8)
    for (column, row), label in zip(places.tolist(), labels.tolist(), strict=True):
        canvas[row - DOT : row + DOT + 1, column - DOT : column + DOT + 1] = shades[label]
    taken = np.zeros((CANVAS, CANVAS), bool)
    for (column, row), label, pixels in zip(places.tolist(), labels.tolist(), thumbnails, strict=True):
        small = Image.fromarray(np.ascontiguousarray(pixels))
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        height, width = small.height + 4, small.width + 4
        top = min(max(row - height // 2, 0), CANVAS - height)
        left = min(max(column - width // 2, 0), CANVAS - width)
        area = np.s_[top : top + height, left : left + width]
        if taken[area].any():
            continue
        taken[area] = True
        canvas[area] = shades[label]
        canvas[top + 2 : top + height - 2, left + 2 : left + width - 2] = np.asarray(small)
    return canvas


def named(file: bytes, places: NDArray[np.int64], labels: NDArray[np.int64], classes: tuple[str, ...]) -> str:
    """The map as an SVG with the name of each class at the picture of it that is nearest to all others of it."""
    texts = []
    for label in np.unique(labels)[:MOST_NAMED].tolist():
        own = places[labels == label]
        middle = np.median(own, axis=0)
        column, row = own[np.abs(own - middle).sum(axis=1).argmin()].tolist()
        name = escape(shown(classes[label], 24))
        texts.append(f'<text x="{min(max(column, 60), CANVAS - 60)}" y="{row}">{name}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" class="points" role="img" aria-label="Map of the pictures" '
            f'viewBox="0 0 {CANVAS} {CANVAS}"><image href="{data_uri(file)}" width="{CANVAS}" height="{CANVAS}"/>'
            '<g font-family="sans-serif" font-size="20" font-weight="700" text-anchor="middle" paint-order="stroke" '
            f'stroke="#fff" stroke-width="5" stroke-linejoin="round" fill="#111">{"".join(texts)}</g></svg>')
