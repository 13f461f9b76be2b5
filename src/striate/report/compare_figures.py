"""Charts of a comparison: a colour and a mark for each recogniser, distinct without colours too.

The colours are Okabe and Ito's ("Color universal design", 2008), darker or lighter as paper is light or dark; they are
variables of the page, for which stand-ins are drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from striate.errors import shown
from striate.report.compare_result import ComparedModel, LearningCurves
from striate.report.figures import INK, PER_CENT, chart, reliability
from striate.report.formatting import THIN, short

__all__ = ["COSTS", "MARKS", "curves", "front", "reliability"]

MARKERS = "os^DvPX*"
MARKS = "●■▲◆▼✚✖★"  # the same on the page
STAND_INS = tuple(f"#0d0e{i:02x}" for i in range(16, 24))
COSTS = {"training": "training", "latency": "one picture", "throughput": "pictures a second",
         "bytes": "model file", "parameters": "parameters", "macs": "multiply-adds of a picture",
         "memory": "most memory in training"}


def curves(found: LearningCurves) -> str:
    """Accuracy against pictures per class, with 95 % bands, as SVG."""
    sizes = found.sizes

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for i, row in enumerate(found.rows):
            colour = STAND_INS[i]
            middle = [one.accuracy for one in row.points]
            low, high = zip(*(one.interval for one in row.points), strict=True)
            axes.fill_between(sizes, low, high, color=colour, alpha=0.16, linewidth=0)
            axes.plot(sizes, middle, color=colour, marker=MARKERS[i], markersize=5.5, label=_label(row.name),
                      linestyle="--" if row.hand_crafted else "-")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(sizes))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_major_formatter(PER_CENT)
        axes.set(xlabel="training pictures per class (log scale)", ylabel="test accuracy (%)")
        legend = axes.legend(loc="lower right", handlelength=2.6)
        for text in legend.get_texts():
            text.set_parse_math(False)

    return _coloured(chart("curves", "Accuracy against pictures per class", (6.6, 4.1), draw))


def front(models: Sequence[ComparedModel], name: str, on_front: Sequence[str]) -> str:
    """Accuracy with its interval against a cost, the Pareto front as a line, as SVG."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        known = [(i, one) for i, one in enumerate(models) if getattr(one, name) is not None]
        best = sorted((getattr(one, name), one.accuracy) for _, one in known if one.name in on_front)
        axes.plot(*zip(*best, strict=True), color=INK, alpha=0.45, linewidth=1.2, drawstyle=(
            "steps-pre" if name == "throughput" else "steps-post"))
        for i, one in known:
            axes.plot([getattr(one, name)] * 2, one.interval, color=STAND_INS[i], linewidth=1.2, alpha=0.6)
            axes.plot([getattr(one, name)], [one.accuracy], MARKERS[i], color=STAND_INS[i], markersize=7)
        axes.set_xscale("log")
        _few_ticks(axes, [getattr(one, name) for _, one in known], name)
        axes.yaxis.set_major_formatter(PER_CENT)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.set(xlabel=COSTS[name] + (" (more is better)" if name == "throughput" else ""), ylabel="accuracy (%)")
        axes.margins(x=0.15, y=0.12)

    return _coloured(chart(f"front-{name}", f"Accuracy against {COSTS[name]}", (3.7, 2.6), draw))


def _few_ticks(axes: Axes, values: Sequence[float], name: str) -> None:
    low, high = min(values), max(values)
    axes.set_xlim(low / (high / low) ** 0.15 / 1.25, high * (high / low) ** 0.15 * 1.25)
    unit = 60 if name == "training" and low > 40 else 1  # round minutes are no round seconds
    axes.xaxis.set_major_locator(FixedLocator([unit * one for one in few(*(end / unit for end in axes.get_xlim()))]))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, name)))


def few(low: float, high: float) -> list[float]:
    """At most three round numbers between `low` and `high`, for a logarithmic axis.

    >>> few(0.8, 30), few(38, 71), few(0.5, 40_000)
    ([1.0, 10.0], [40.0, 60.0], [1.0, 100.0, 10000.0])
    """
    found: list[float] = []
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8)):
        decades = range(floor(log10(low)), floor(log10(high)) + 1)
        more = [digit * 10.0**power for power in decades for digit in digits if low <= digit * 10.0**power <= high]
        if len(more) > 3 and len(found) > 1:
            break
        found = more
    return found[:: -(-len(found) // 3)] if found else [low]


def tick(value: float, name: str) -> str:
    """A value of a cost, short.

    >>> tick(0.002, "latency"), tick(100.0, "training"), tick(1000.0, "training"), tick(2e6, "bytes")
    ('2 ms', '100 s', '16.7 min', '2 MB')
    """
    if name in ("training", "latency"):
        text = f"{1e6 * value:g} µs" if value < 1e-3 else f"{1000 * value:g} ms" if value < 1 else (
            f"{value:g} s" if value < 120 else f"{value / 60:.3g} min")
    elif name == "throughput":
        text = f"{value:,.0f}"
    else:
        text = f"{short(value)}" if value < 1000 else _thousands(value)
        text += "B" if name in ("bytes", "memory") else ""
    return text.replace(THIN, " ")


def _thousands(value: float) -> str:
    power = 1
    while value >= 999.5 * 1000**power and power < 4:
        power += 1
    return f"{value / 1000**power:.3g} {'kMGT'[power - 1]}"


def _label(name: str) -> str:
    return shown(name, 24)


def _coloured(svg: str) -> str:
    for i, stand_in in enumerate(STAND_INS):
        svg = svg.replace(stand_in, f"var(--c{i + 1})")
    return svg
