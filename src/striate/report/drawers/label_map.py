"""Label map: the most probable class of each place in a shade of its own, with the names beside."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.colours import VIRIDIS, Bytes, hexadecimal
from striate.report.drawers.drawing import Drawing, enlarged, nearest
from striate.report.drawers.map_figure import figure, svg_of
from striate.report.embedded_images import png
from striate.report.network_look_result import LookMap
from striate.report.page_environment import environment


def draw_labels(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """Indices of classes (H, W); the classes are `one.tiles`, the commonest first."""
    values = found.array
    shades = shades_of(len(one.tiles))
    drawn = np.zeros((*values.shape, 3), np.uint8)
    for tile, shade in zip(one.tiles, shades, strict=True):
        drawn[values == tile.index] = shade
    drawn = nearest(drawn, enlarged(values.shape))
    file = png(drawn)
    colours = [hexadecimal(shade) for shade in shades]
    legend = environment().get_template("look_labels.html.j2").render(
        classes=list(zip(one.tiles, colours, strict=True)))
    html = figure(one, file, drawn.shape[:2], f"Most probable class of each place: {one.title}", Markup(legend))  # noqa: S704 - a template's own text
    return Drawing(html, file, svg_of(one, file, drawn.shape[:2]))


def shades_of(count: int) -> Bytes:
    """`count` colours (n, 3) of rising lightness.

    >>> shades_of(2).tolist()
    [[68, 1, 84], [253, 231, 37]]
    """
    return np.asarray(VIRIDIS[np.linspace(0, 255, max(count, 1)).round().astype(int)])
