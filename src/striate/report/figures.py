"""Charts of a report as inline SVG in the colours of the page: text and axes follow light, dark and print.

Matplotlib draws with stand-in colours; `_inline` then exchanges them for CSS colours and removes what does not
belong inside a page (document type, name spaces, fonts, ids of groups, which would repeat from chart to chart).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from striate.report.train_result import EpochResult
from striate.stats.metrics import ReliabilityBin, wilson

INK, FIRST, SECOND, THIRD = "#010203", "#040506", "#070809", "#0a0b0c"
CSS_COLOURS = {INK: "currentColor", FIRST: "var(--first)", SECOND: "var(--second)", THIRD: "var(--third)"}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "font.size": 10.5, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.8, "axes.grid": True, "axes.grid.axis": "y", "grid.color": INK, "grid.alpha": 0.13,
    "grid.linewidth": 0.8, "axes.axisbelow": True, "legend.frameon": False, "lines.linewidth": 1.8,
    "xtick.major.size": 3.0, "ytick.major.size": 0.0, "axes.formatter.use_mathtext": False,
}  # fmt: skip
PER_CENT = FuncFormatter(lambda value, _: f"{100 * value:.4g}")


def loss_curve(history: Sequence[EpochResult], best: int | None) -> str:
    """Training and validation loss over two epochs or more, as SVG."""

    def draw(figure: Figure) -> None:
        axes = _over_epochs(figure, history, "loss (nats)")
        _line(axes, history, "loss", FIRST, "training")
        _line(axes, history, "validation_loss", SECOND, "validation", style="--")
        losses = [value for row in history for value in (row.loss, row.validation_loss) if value]
        if losses and min(losses) > 0 and max(losses) > 30 * min(losses):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        else:
            axes.set_ylim(bottom=0)
        _mark(axes, best)
        if axes.lines:
            axes.legend(loc="upper right", handlelength=1.6)

    return chart("loss", "Loss over epochs, training and validation", (4.9, 3.1), draw)


def accuracy_curve(history: Sequence[EpochResult], best: int | None) -> str:
    """Validation accuracy over epochs in per cent, the best epoch marked, as SVG."""

    def draw(figure: Figure) -> None:
        axes = _over_epochs(figure, history, "validation accuracy (%)")
        _line(axes, history, "validation_accuracy", SECOND, "validation", style="--")
        axes.yaxis.set_major_formatter(PER_CENT)
        axes.margins(y=0.1)
        axes.set_ylim(top=min(1.0, axes.get_ylim()[1]))
        _mark(axes, best)
        at_best = [row.validation_accuracy for row in history if row.epoch == best]
        if best is not None and at_best and at_best[0] is not None:
            axes.plot([best], [at_best[0]], "o", color=SECOND, markersize=7, clip_on=False)
            left = best - history[0].epoch < history[-1].epoch - best
            axes.annotate(f"best: epoch {best}", (best, at_best[0]), xytext=(-4 if left else 4, 9),
                          ha="left" if left else "right", textcoords="offset points", annotation_clip=False)

    return chart("accuracy", "Validation accuracy over epochs", (4.9, 3.1), draw)


def rate_curve(history: Sequence[EpochResult]) -> str:
    """The learning rate at the end of each epoch, as SVG."""

    def draw(figure: Figure) -> None:
        axes = _over_epochs(figure, history, "learning rate")
        _line(axes, history, "learning_rate", FIRST, "learning rate")
        rates = [row.learning_rate for row in history if row.learning_rate]
        _upwards(axes, rates)

    return chart("rate", "Learning rate over epochs", (4.9, 2.3), draw)


def speed_curve(history: Sequence[EpochResult]) -> str:
    """Training pictures per second in each epoch, as SVG."""

    def draw(figure: Figure) -> None:
        axes = _over_epochs(figure, history, "pictures per second")
        _line(axes, history, "pictures_per_second", FIRST, "training")
        _upwards(axes, [row.pictures_per_second for row in history if row.pictures_per_second])

    return chart("speed", "Pictures per second over epochs", (4.9, 2.3), draw)


def reliability(bins: Sequence[ReliabilityBin], name: str = "reliability") -> str:
    """Accuracy against confidence with 95 % intervals, above how many pictures each bin holds, as SVG.

    Of several on one page each has a `name` of its own.
    """

    def draw(figure: Figure) -> None:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
        axes.plot([0, 1], [0, 1], color=INK, alpha=0.45, linewidth=1, linestyle=(0, (4, 3)))
        for one in bins:
            if one.accuracy is None or one.confidence is None:
                continue
            low, high = wilson(round(one.accuracy * one.count), one.count)
            axes.plot([one.confidence] * 2, [low, high], color=FIRST, linewidth=1.4, solid_capstyle="butt")
            axes.plot([one.confidence], [one.accuracy], "o", color=FIRST, markersize=5.5, clip_on=False)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), ylabel="accuracy (%)")
        axes.yaxis.set_major_formatter(PER_CENT)
        width = bins[0].high - bins[0].low
        below.bar([one.low + width / 2 for one in bins], [one.count for one in bins], width * 0.86, color=FIRST)
        below.set(xlabel="confidence of the prediction (%)", ylabel="pictures")
        below.xaxis.set_major_formatter(PER_CENT)
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        figure.align_ylabels()

    return chart(name, "Accuracy against confidence, and pictures per confidence", (4.9, 4.3), draw)


def _over_epochs(figure: Figure, history: Sequence[EpochResult], label: str) -> Axes:
    axes = figure.add_subplot()
    axes.set(xlabel="epoch", ylabel=label, xlim=(history[0].epoch, history[-1].epoch))
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True, min_n_ticks=1))
    return axes


def _upwards(axes: Axes, values: Sequence[float]) -> None:
    """From zero to a little above the highest value, in few steps."""
    axes.set_ylim(0, 1.12 * max(values, default=1.0) or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))


def _line(axes: Axes, history: Sequence[EpochResult], key: str, colour: str, label: str, style: str = "-") -> None:
    points = [(row.epoch, value) for row in history if (value := getattr(row, key)) is not None]
    if points:
        axes.plot(*zip(*points, strict=True), style, color=colour, label=label, clip_on=False,
                  marker="o" if len(points) < 25 else "", markersize=3.5)


def _mark(axes: Axes, best: int | None) -> None:
    if best is not None:
        axes.axvline(best, color=INK, alpha=0.35, linewidth=1, linestyle=(0, (2, 3)))


def chart(name: str, title: str, size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    """The chart that `draw` makes on a figure of `size` (inches), as an SVG element."""
    buffer = StringIO()
    with mpl.rc_context():
        _drawn(STYLE | {"svg.hashsalt": f"striate {name}"}, size, draw).savefig(
            buffer, format="svg", transparent=True,
            metadata={"Creator": None, "Date": None, "Format": None, "Type": None})
    return _inline(buffer.getvalue(), name, title)


def chart_png(size: tuple[float, float], draw: Callable[[Figure], None]) -> bytes:
    """The chart that `draw` makes on a figure of `size` (inches), as a PNG file on white; its colours are as drawn."""
    buffer = BytesIO()
    with mpl.rc_context():
        _drawn(STYLE, size, draw).savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()


def _drawn(style: dict[Any, Any], size: tuple[float, float], draw: Callable[[Figure], None]) -> Figure:
    mpl.rcdefaults()  # a user's own matplotlibrc must not change the page
    mpl.rcParams.update(style)
    figure = Figure(figsize=size, layout="constrained")
    draw(figure)
    return figure


def _inline(document: str, name: str, title: str) -> str:
    """The `<svg>` element of an SVG document, fit to stand inside a page beside others."""
    body = document[document.index(">", document.index("<svg")) + 1 :]
    box = re.search(r'viewBox="[^"]*"', document)
    assert box is not None
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body).replace("xlink:href", "href")
    body = re.sub(r"\s*font-family:[^;\"]*;?", "", body)
    body = re.sub(r"\s+", " ", body).replace("> <", "><")
    for stand_in, colour in CSS_COLOURS.items():
        body = body.replace(stand_in, colour)
    return f'<svg class="chart {name}" role="img" aria-label="{title}" {box[0]}>{body.strip()}'
