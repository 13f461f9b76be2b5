"""Figure of one map: its picture, its words, and the legend of its scale with numbers; as HTML and as SVG."""

from __future__ import annotations

from markupsafe import Markup, escape

from striate.report.colours import AGAINST, ANCHORS, FOR, MIDDLE, hexadecimal
from striate.report.display_scale import DisplayScale
from striate.report.embedded_images import data_uri
from striate.report.formatting import number
from striate.report.network_look_result import LookMap
from striate.report.page_environment import environment

BAR, LINE = 12, 18  # of the legend in an SVG, in its pixels


def figure(one: LookMap, file: bytes, size: tuple[int, int], alt: str, legend: Markup | None = None) -> Markup:
    """The `<figure>` of a map whose PNG is `file`, of `size` (height, width); `legend` takes the place of its scale."""
    template = environment().get_template("look_figure.html.j2")
    text = template.render(map=one, uri=data_uri(file), height=size[0], width=size[1], alt=alt, own_legend=legend)
    return Markup(text)  # noqa: S704 - a template's own text


def svg_of(one: LookMap, file: bytes, size: tuple[int, int]) -> str:
    """A map as an SVG file with its title and legend."""
    height, width = size
    legend = "" if one.scale is None else _legend(one.scale, one.drawing, height, max(width, 220))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -{LINE + 6} {max(width, 220)} '
            f'{height + 2 * LINE + BAR + 12}" font-family="sans-serif" font-size="12">'
            f'<text y="-8">{escape(one.title)}</text>'
            f'<image href="{data_uri(file)}" width="{width}" height="{height}"/>{legend}</svg>')


def _legend(scale: DisplayScale, drawing: str, top: int, width: int) -> str:
    stops = stops_of(scale, drawing)
    marks = "".join(f'<stop offset="{place:.3f}" stop-color="{colour}"/>' for place, colour in stops)
    low, high = number(scale.low), number(scale.high)
    return (f'<defs><linearGradient id="scale">{marks}</linearGradient></defs>'
            f'<rect y="{top + 6}" width="{width}" height="{BAR}" fill="url(#scale)"/>'
            f'<text y="{top + 6 + BAR + 14}">{low}</text>'
            f'<text x="{width}" y="{top + 6 + BAR + 14}" text-anchor="end">{high}</text>')


def stops_of(scale: DisplayScale, drawing: str) -> list[tuple[float, str]]:
    """The colours of a legend: (place 0..1, colour)."""
    colours = [f"#{one}" for one in ANCHORS]
    if scale.diverging:
        colours = [hexadecimal(one) for one in (AGAINST, MIDDLE, FOR)] if drawing == "overlay" else ["#000", "#fff"]
    return [(place / (len(colours) - 1), colour) for place, colour in enumerate(colours)]
