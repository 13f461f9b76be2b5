"""Typed result of `striate look` for a network: its panels, the maps in each, and the numbers beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from striate.core.humanize import join_words
from striate.core.result import Result, json_values
from striate.errors import shown
from striate.model.explanation import Term
from striate.model.preprocessing import Pixels
from striate.report.display_scale import DisplayScale
from striate.report.formatting import digits
from striate.report.look_result import LookResult

if TYPE_CHECKING:
    from striate.convnet.explain.stepthrough import StepThrough


@dataclass(frozen=True)
class TileFacts(Result):
    """Numbers of one tile: its name and index in the array, its value and where that is; `mark` as dead or flat."""

    name: str
    index: int
    value: float | None = None
    position: tuple[int, int] | None = None
    mark: str | None = None


@dataclass(frozen=True)
class LookTable(Result):
    """Table of a map: headings, the rows that are shown, and how many there are; folded tables open on a click."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    count: int
    folded: bool = False


@dataclass(frozen=True)
class LookCurve(Result):
    """Curve over layers, or over numbers of them.

    Attributes:
        axis: what the values are.
        over: what the places are.
        names: of the places; `values`: at each, 0..1, or −1..1 if they are no `share`; `intervals`: 95 %, or None.
        lines: values to compare with, by name.
        label: of the curve, if there are others; `others`: their names and values.
        share: whether values are drawn in per cent.

    """

    axis: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    intervals: tuple[tuple[float, float] | None, ...]
    lines: tuple[tuple[str, float], ...] = ()
    label: str = ""
    others: tuple[tuple[str, tuple[float, ...]], ...] = ()
    share: bool = True
    over: str = "layer"


@dataclass(frozen=True, eq=False)
class LookMap(Result):
    """Map of a panel: what is explained, and its numbers; its array is `explanations[name]` of the result.

    Attributes:
        name: its key, and the stem of its files: `gradient`, `gradient-2`.
        title: what is explained: `unit 7 of conv5`, or a class.
        drawing: how it is drawn, a name in `striate.report.drawers.DRAWERS`.
        layer, unit, position: as in the explanation.
        shape: of the array; `low`, `high`: its smallest and largest value; `peak`: the index of the largest.
        scale: how it is drawn; None for a table, a curve or a picture.
        evidence: one sentence: what it shows, and what it does not show.
        empty: whether it is zero everywhere.
        total, bias: as in the explanation; `terms`: its largest by magnitude, by value; `term_count`: how many.
        table: rows of numbers, or None; `curve`: values by layer, or None.
        tiles: of a sheet, those shown; `count`: how many there are.
        facts: what the method's explanation says beyond its array: JSON values by name.

    """

    name: str
    title: str
    drawing: str
    layer: str | None
    unit: str | None
    position: tuple[int, int] | None
    shape: tuple[int, ...]
    low: float
    high: float
    peak: tuple[int, ...]
    scale: DisplayScale | None = None
    evidence: str = ""
    empty: bool = False
    total: float | None = None
    bias: float = 0.0
    terms: tuple[Term, ...] = ()
    term_count: int = 0
    table: LookTable | None = None
    curve: LookCurve | None = None
    tiles: tuple[TileFacts, ...] = ()
    count: int = 0
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class LookPanel(Result):
    """Panel of the page: one method, with its maps.

    Attributes:
        method: its name in `METHODS_OF_LOOK`; `title`: in words.
        evidence: the sentence of evidence of its first map.
        units: of the values.
        refused: why the method has no map here, one sentence; None if it has.
        left_out: what is not shown and how it can be had, one sentence, or None.
        notes: further sentences.

    """

    method: str
    title: str
    evidence: str = ""
    units: str = ""
    refused: str | None = None
    left_out: str | None = None
    notes: tuple[str, ...] = ()
    maps: tuple[LookMap, ...] = ()


@dataclass(frozen=True)
class ExplainedUnit(Result):
    """Unit that is explained: its layer, and its activation at the position that is explained, (row, column).

    The position is that of its largest activation in the picture, or the one that was asked for. `before` is what goes
    into it there if it is a ReLU with a limit, such as ReLU6: by this, units that reach the limit are ranked.
    """

    layer: str
    unit: int
    value: float
    position: tuple[int, int]
    before: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkLookResult(LookResult):
    """Result for a network: panels, in the order of the page.

    Attributes:
        network: its name; `parameters`: how many values it has learnt, without a transfer's classifier.
        layers: the names of those that can be explained, in order.
        layer: the layer whose units are explained; `units`: those units, the strongest first.
        because: what speaks for the class, one sentence, or None.
        seconds: wall time of the explanations.
        panels: one for each method.
        stepthrough: of a convolution, or None; of it the JSON has the window that it begins with.
        pixels: the picture as the network reads it, (H, W, C) uint8, or None; not in the JSON.

    The arrays are in `explanations`, under the names of the maps.

    """

    network: str
    parameters: int
    layers: tuple[str, ...]
    layer: str
    units: tuple[ExplainedUnit, ...] = ()
    because: str | None = None
    seconds: float = 0.0
    panels: tuple[LookPanel, ...] = ()
    figures: str | None = None
    stepthrough: StepThrough | None = field(default=None, metadata={"key": None})
    pixels: Pixels | None = field(default=None, metadata={"key": None})

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return super().as_dict() | {"stepthrough": self.stepthrough and json_values(self.stepthrough.facts)}

    def summary(self) -> str:
        """The predicted class, the panels, and where the page is, as lines for people."""
        lines = []
        if self.label is not None:
            named = shown(self.picture or "the picture")
            lines.append(f"{named}: {shown(self.label, 80)} {digits(self.probability)}%")
            if self.because:
                lines.append(shown(self.because, 500))
            if self.units:
                units = join_words([str(one.unit) for one in self.units], "and")
                lines.append(f"strongest units of {shown(self.layer, 80)}: {units}")
        lines.append(f"panels: {', '.join(panel.method for panel in self.panels if not panel.refused) or 'none'}")
        lines += [f"no {panel.method}: {shown(panel.refused, 500)}" for panel in self.panels if panel.refused]
        lines += [shown(path, 2000) for path in (self.figures, self.page) if path]
        return "\n".join(lines)
