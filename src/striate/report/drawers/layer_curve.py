"""Curve over the layers of a network: a value with its interval at each, and lines to compare it with, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from striate.errors import shown
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.drawers.drawing import Drawing
from striate.report.network_look_result import LookCurve, LookMap
from striate.report.page_environment import environment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 7.2, 3.8  # inches
PLAIN = {"var(--first)": "#0b62a4", "var(--second)": "#c2500a", "var(--third)": "#4a7c1f"}  # of the light page
MARKERS, DASHES = "s^DvPX*<>", ("--", ":", "-.", "-")
WIDEST, LONGEST_NAME = 16, 18  # layers with a name below the axis; letters of it


def draw_curve(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """The curve of a map."""
    assert one.curve is not None
    curve = one.curve
    svg = curve_svg(curve, one.name)
    html = environment().get_template("look_curve.html.j2").render(map=one, svg=Markup(svg))  # noqa: S704 - ours
    return Drawing(Markup(html), lambda: curve_png(curve), standalone(svg))  # noqa: S704 - a template's own text


def curve_svg(curve: LookCurve, name: str) -> str:
    """An SVG element of a curve, in the colours of the page around it."""
    from striate.report import figures  # here, because it loads matplotlib

    title = str(escape(f"{shown(curve.axis, 60)} by {curve.over}"))
    return figures.chart(name, title, SIZE, lambda figure: _draw(curve, figure, figures.FIRST, figures.SECOND,
                                                                 figures.THIRD))


def curve_png(curve: LookCurve) -> bytes:
    """A PNG file of a curve, on white."""
    from striate.report import figures

    return figures.chart_png(SIZE, lambda figure: _draw(curve, figure, *PLAIN.values()))


def _draw(curve: LookCurve, figure: Figure, first: str, second: str, third: str) -> None:
    """Draw a curve with its intervals, the other curves, and horizontal lines with their names."""
    from striate.report import figures

    axis = shown(curve.axis, 60)
    axes, places = figure.add_subplot(), range(len(curve.names))
    for place, interval in zip(places, curve.intervals, strict=True):
        if interval:
            axes.plot([place] * 2, interval, color=first, linewidth=1.4, alpha=0.6)
    axes.plot(places, curve.values, "o-", color=first, markersize=4.5, label=curve.label)
    colours = (second, third, figures.INK, first)
    for index, (label, values) in enumerate(curve.others):  # told apart by marker and dashes, too
        axes.plot(places, values, MARKERS[index % len(MARKERS)] + DASHES[index % len(DASHES)], label=label,
                  color=colours[index % len(colours)], markersize=4.5, linewidth=1.4)
    if curve.label:
        axes.legend(handlelength=2.4, loc="center left", bbox_to_anchor=(1.0, 0.5))
    highest = max((value for _, value in curve.lines), default=0.0)
    written = False  # one name is above its line, the others below: lines may be one
    for style, (label, value) in zip(("--", ":", "-."), curve.lines, strict=False):
        axes.axhline(value, color=second, linestyle=style, linewidth=1.4)
        above = value == highest and not written
        written = written or above
        axes.annotate(label, (0, value), xytext=(2, 3 if above else -11), textcoords="offset points",
                      parse_math=False)
    axes.set_ylabel(f"{axis} (%)" if curve.share else axis, parse_math=False)
    axes.set(xlim=(-0.3, len(curve.names) - 0.7))
    step = -(-len(curve.names) // WIDEST)
    short = [text if len(text) <= LONGEST_NAME else f"…{text[1 - LONGEST_NAME :]}" for text in curve.names]
    axes.set_xticks(list(places)[::step], short[::step], rotation=45, ha="right", rotation_mode="anchor",
                    parse_math=False)
    if curve.share:
        axes.yaxis.set_major_formatter(figures.PER_CENT)
    axes.margins(y=0.12)


def standalone(svg: str) -> str:
    """An inline SVG as a file of its own: with its name space and plain colours."""
    for name, colour in PLAIN.items():
        svg = svg.replace(name, colour)
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
