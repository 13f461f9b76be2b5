"""Charts of tuning: range tests, and accuracy against learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from striate.report.figures import FIRST, INK, PER_CENT, SECOND, STYLE, THIRD, chart
from striate.report.tune_result import TriedSettings

if TYPE_CHECKING:
    from striate.convnet.training.lr_finder import RangeTest

MARKERS = "os^D"
COLOURS = {INK: "#1a1d21", FIRST: "#0b62a4", SECOND: "#c2500a", THIRD: "#4a7c1f"}  # of the picture, as on a light page
CURVES = (FIRST, SECOND, THIRD, INK)


def range_tests(ranges: Mapping[str, RangeTest]) -> str:
    """Loss against learning rate of each optimiser, as SVG."""
    return chart("ranges", "Loss against learning rate, by optimiser", (4.9, 3.3),
                 lambda figure: _ranges(figure.add_subplot(), ranges))


def tried(candidates: Sequence[TriedSettings]) -> str:
    """Validation accuracy with its interval against learning rate, by optimiser, as SVG."""
    return chart("tried", "Validation accuracy against learning rate, by optimiser", (4.9, 3.3),
                 lambda figure: _tried(figure.add_subplot(), candidates))


def picture(candidates: Sequence[TriedSettings], ranges: Mapping[str, RangeTest]) -> bytes:
    """Both as one PNG on white."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({name: COLOURS.get(value, value) if isinstance(value, str) else value
                             for name, value in STYLE.items()})
        figure = Figure(figsize=(9.8, 3.6) if ranges else (4.9, 3.6), dpi=150, layout="constrained")
        axes = figure.subplots(1, 2 if ranges else 1, squeeze=False)[0]
        _tried(axes[0], candidates, COLOURS)
        if ranges:
            _ranges(axes[1], ranges, COLOURS)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _ranges(axes: Axes, ranges: Mapping[str, RangeTest], colours: Mapping[str, str] | None = None) -> None:
    highest = 0.0
    for (name, test), stand_in in zip(sorted(ranges.items()), CURVES, strict=False):
        colour = (colours or {}).get(stand_in, stand_in)
        rates, smooth = test.rates, test.smooth
        if not len(rates):
            continue
        axes.plot(rates, test.losses, color=colour, linewidth=0.8, alpha=0.3)
        axes.plot(rates, smooth, color=colour, label=name)
        if test.steepest is not None:
            axes.plot([test.steepest], [np.interp(test.steepest, rates, smooth)], "o", color=colour, markersize=6)
        highest = max(highest, 1.3 * float(smooth[: max(1, len(smooth) // 2)].max()))
    _rates(axes)
    axes.set(ylabel="loss (nats)", ylim=(0, highest or 1))
    axes.set_title("range test; dots: steepest fall", fontsize=10.5, loc="left")
    if axes.lines:
        axes.legend(loc="lower left", handlelength=1.6)


def _tried(axes: Axes, candidates: Sequence[TriedSettings], colours: Mapping[str, str] | None = None) -> None:
    measured = [(one.optimiser, one.learning_rate, one.accuracy, one.interval) for one in candidates
                if one.learning_rate is not None and one.accuracy is not None and one.interval is not None]
    for i, name in enumerate(sorted({one.optimiser for one in candidates})):
        colour = (colours or {}).get(CURVES[i % 4], CURVES[i % 4])
        own = sorted(one[1:] for one in measured if one[0] == name)
        rates, accuracies = [one[0] for one in own], [one[1] for one in own]
        axes.plot(rates, accuracies, MARKERS[i % 4] + "-", color=colour, label=name, markersize=5, linewidth=1.2)
        for rate, _, interval in own:
            axes.plot([rate] * 2, interval, color=colour, linewidth=1.2, alpha=0.45, solid_capstyle="butt")
    _rates(axes)
    axes.set_ylabel("validation accuracy (%)")
    axes.yaxis.set_major_formatter(PER_CENT)
    if measured:
        _, rate, accuracy, _ = measured[0]
        axes.plot([rate], [accuracy], "o", markersize=13, markerfacecolor="none",
                  markeredgecolor=(colours or {}).get(INK, INK), markeredgewidth=1)
        axes.legend(loc="best", handlelength=1.6)
    axes.set_title("tried; lines: 95 % intervals", fontsize=10.5, loc="left")


def _rates(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("e-0", "e-")))
    axes.xaxis.set_minor_formatter(NullFormatter())
