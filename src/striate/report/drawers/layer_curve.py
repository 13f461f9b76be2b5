"""Curve over the layers of a network: a value with its interval at each, and lines to compare it with, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.drawers.drawing import Drawing
from striate.report.network_look_result import LookMap
from striate.report.train_page import environment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDEST, LONGEST_NAME = 16, 18  # layers with a name below the axis; letters of it


def draw_curve(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """The curve of a map."""
    assert one.curve is not None
    svg = curve_svg(one.curve.names, one.curve.values, one.curve.intervals, one.curve.lines, one.curve.axis)
    html = environment().get_template("look_curve.html.j2").render(map=one, svg=Markup(svg))  # noqa: S704 - ours
    return Drawing(Markup(html), svg=standalone(svg))  # noqa: S704 - a template's own text


def curve_svg(names: Sequence[str], values: Sequence[float], intervals: Sequence[tuple[float, float] | None],
              lines: Sequence[tuple[str, float]], axis: str) -> str:
    """An SVG element of a curve: `values` by layer, and horizontal `lines` with their names."""
    from striate.report import figures  # here, because it loads matplotlib

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        places = range(len(names))
        for place, interval in zip(places, intervals, strict=True):
            if interval:
                axes.plot([place] * 2, interval, color=figures.FIRST, linewidth=1.4, alpha=0.6)
        axes.plot(places, values, "o-", color=figures.FIRST, markersize=4.5)
        highest = max((value for _, value in lines), default=0.0)
        written = False  # one name is above its line, the others below: lines may be one
        for style, (name, value) in zip(("--", ":", "-."), lines, strict=False):
            axes.axhline(value, color=figures.SECOND, linestyle=style, linewidth=1.4)
            above = value == highest and not written
            written = written or above
            axes.annotate(name, (0, value), xytext=(2, 3 if above else -11), textcoords="offset points")
        axes.set(ylabel=axis, xlim=(-0.3, len(names) - 0.7))
        step = -(-len(names) // WIDEST)
        axes.set_xticks(list(places)[::step], [name[:LONGEST_NAME] for name in names][::step], rotation=45, ha="right",
                        rotation_mode="anchor", parse_math=False)
        axes.yaxis.set_major_formatter(figures.PER_CENT)
        axes.margins(y=0.12)

    return figures.chart("layers", f"{axis} by layer", (7.2, 3.8), draw)


def standalone(svg: str) -> str:
    """An inline SVG as a file of its own: with its name space and plain colours."""
    for name, colour in (("var(--first)", "#0b62a4"), ("var(--second)", "#c2500a"), ("var(--third)", "#4a7c1f")):
        svg = svg.replace(name, colour)
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
