"""Parts of an explanation that are drawn one by one: its own array, and what else it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.convnet.explain.class_evidence import ClassEvidence
from striate.convnet.explain.dot_product import DotProduct, ProductRow
from striate.convnet.explain.embedding import Embedding
from striate.convnet.explain.faithfulness import Faithfulness
from striate.convnet.explain.maximise import Maximised
from striate.convnet.explain.occlusion import CHANGE, OcclusionMaps
from striate.convnet.explain.probe import LayerProbe
from striate.convnet.explain.sanity import SanityCheck
from striate.convnet.explain.strongest import Strongest
from striate.core.humanize import significant
from striate.model.explanation import Explanation
from striate.report.network_look_result import LookCurve, LookTable

EACH_SIDE = 4  # features with a map on each side
MOST_PRODUCTS = 300  # rows of a table of products
MOST_APART = 100  # pictures that lie among other classes


@dataclass(frozen=True, eq=False)
class LookPart:
    """Part of an explanation that is drawn.

    Attributes:
        title: what it is; `explanation`: of it alone.
        drawing: how it is drawn; None is as its method says.
        tiles: how many tiles of a sheet are shown, at most.
        table: rows of numbers, or None; `curve`: values by layer, or None.
        scaled: arrays that the scale is of, where they are not the explanation's own.
        count: of how many those on the sheet are; None is the length of the array.
        from_zero: whether the scale of values that are not negative begins at 0, else at the smallest.
        diverging: whether 0 is in the middle of the scale though no value is negative; `least`: its end, at least.

    """

    title: str
    explanation: Explanation
    drawing: str | None = None
    tiles: int = 64
    table: LookTable | None = None
    curve: LookCurve | None = None
    scaled: tuple[NDArray[Any], ...] = ()
    count: int | None = None
    from_zero: bool = True
    diverging: bool = False
    least: float = 0.0


@singledispatch
def parts_of(one: Explanation, title: str) -> list[LookPart]:
    """The parts of an explanation of `title`, the first of which is itself."""
    return [LookPart(title, one)]


@parts_of.register
def _(one: ClassEvidence, title: str) -> list[LookPart]:
    """The sum over all features, then a map of each of the strongest."""
    found = [LookPart(title, one, diverging=True)]
    if one.array.size > 1:
        count = len(one.strongest)
        for place, (unit, part) in enumerate(zip(one.strongest, one.maps, strict=True)):
            if EACH_SIDE <= place < count - EACH_SIDE:
                continue
            side = "for" if part.sum() > 0 else "against"
            found.append(LookPart(f"unit {unit}, {side} {title}", Explanation(
                part, one.units, f"What unit {unit} of {one.features} adds at each position, not what it sees there.",
                one.features, str(unit), total=float(part.sum())), diverging=True))
    return found


@parts_of.register
def _(one: OcclusionMaps, title: str) -> list[LookPart]:  # noqa: ARG001 - it is of a class, whatever was named
    """The fall of the probability over the picture, then Zeiler's three panels, one value for each window."""
    share, _, strength = one.untouched
    window = f"a grey window of {one.window}×{one.window} pixels"
    count = len(np.unique(one.labels))
    found = "the same everywhere" if count == 1 else f"{count} classes occur"
    return [
        LookPart(str(one.unit), one, least=CHANGE),
        LookPart("probability", Explanation(
            one.probability, "probability, covered", f"The probability of {one.unit} with {window} at each place, "
            f"{share:.1%} without it.", one.layer, one.unit)),
        LookPart("label", Explanation(
            one.labels, "class", f"The most probable class with {window} at each place: {found}.",
            one.layer), "labels"),
        LookPart(f"unit {one.map_unit} of {one.map_layer}", Explanation(
            one.activation, "activation", f"The sum of the map of unit {one.map_unit} of {one.map_layer}, "
            f"{'the strongest there' if one.strongest else 'not the strongest there'}, with {window} at each place, "
            f"{significant(strength)} without it.", one.map_layer, str(one.map_unit)), from_zero=False),
    ]


@parts_of.register
def _(one: DotProduct, title: str) -> list[LookPart]:
    """The products of the sum, the largest first if there are too many for a page."""
    rows = one.rows
    order: Sequence[int] = range(len(rows))
    if len(rows) > MOST_PRODUCTS:
        order = np.argsort(-np.abs(one.array.ravel()), kind="stable")[:MOST_PRODUCTS].tolist()
    columns = ("layer", "map", "row", "column", "weight", "value", "product")
    raw = ("weight per byte", "byte", "product") if one.pixels else ()
    table = LookTable((*columns, *raw), tuple(_cells(rows[place]) for place in order), len(rows), folded=True)
    return [LookPart(title, one, table=table)]


def _cells(row: ProductRow) -> tuple[str | float | None, ...]:
    source = f"{row.source}, padding" if row.padding else row.source
    cells = (source, row.channel, row.row, row.column, row.weight, row.value, row.product)
    return cells if row.pixel_weight is None else (*cells, row.pixel_weight, row.pixel_value, row.pixel_product)


@parts_of.register
def _(one: Faithfulness, title: str) -> list[LookPart]:
    """The probability by deletion and by insertion, for the order of each map and for random ones."""
    places, labels = tuple(f"{share:.0%}" for share in one.fractions), (*one.methods, "random orders")
    found = []
    for way, name in enumerate(("covered", "uncovered")):
        curves = one.array[:, way].tolist()
        curve = LookCurve(f"probability of {title}", places, tuple(curves[0]), (None,) * len(places), (), labels[0],
                          tuple((label, tuple(values)) for label, values in zip(labels[1:], curves[1:], strict=True)),
                          over=f"share {name}")
        words = f"The probability of {title} with more and more of the places {name}, the most important first."
        own = Explanation(one.array[:, way], one.units, words, one.layer, one.unit) if way else one
        found.append(LookPart(f"{name} places", own, curve=curve))
    columns = ("map", "deletion", "random orders", "insertion", "random orders")
    rows = tuple((score.method, score.deletion, str(score.random_deletion), score.insertion,
                  str(score.random_insertion)) for score in one.scores)
    areas = Explanation(np.array([[score.deletion, score.insertion] for score in one.scores]), "area, 0 to 1",
                        "The areas under the curves, not how sharp the maps look; ± is a standard deviation.",
                        one.layer, one.unit)
    return [*found, LookPart("areas under the curves", areas, "table", table=LookTable(columns, rows, len(rows)))]


@parts_of.register
def _(one: Maximised, title: str) -> list[LookPart]:
    """The found pictures."""
    return [LookPart(title, one, count=one.of_units)]


@parts_of.register
def _(one: SanityCheck, title: str) -> list[LookPart]:
    """The rank correlation of each method's map with the untouched one, by the number of randomised layers."""
    first, *others = one.methods
    curve = LookCurve("rank correlation", tuple(f"{count}, to {layer}" for count, layer in zip(
        one.stages, one.reached, strict=True)), tuple(one.array[0].tolist()), (None,) * len(one.stages), (), first,
        tuple((name, tuple(values.tolist())) for name, values in zip(others, one.array[1:], strict=True)), share=False,
        over="randomised layers")
    return [LookPart(title, one, curve=curve)]


@parts_of.register
def _(one: Strongest, title: str) -> list[LookPart]:  # noqa: ARG001 - each part has a title of its own
    """The pictures of each unit."""
    found = []
    for unit, values in zip(one.shown, one.array, strict=True):
        own = replace(one, array=values[: len(unit.pictures)], shown=(unit,))
        found.append(LookPart(f"unit {unit.unit} of {one.layer}", own, "crops",
                              scaled=tuple(picture.projection for picture in unit.pictures)))
    return found


@parts_of.register
def _(one: LayerProbe, title: str) -> list[LookPart]:  # noqa: ARG001 - it is of all layers up to its target
    """The accuracy at each layer, with that of the network and of hand-crafted features as lines."""
    lines = (("the network itself", one.own), ("hand-crafted features", one.baseline))
    curve = LookCurve("accuracy", tuple(layer.layer for layer in one.layers), tuple(one.array.tolist()),
                      tuple(layer.interval for layer in one.layers),
                      tuple((name, value) for name, value in lines if value is not None))
    return [LookPart(f"{len(one.layers)} of {one.of} layers", one, curve=curve)]


@parts_of.register
def _(one: Embedding, title: str) -> list[LookPart]:  # noqa: ARG001 - it is of features, not of scores
    """The map of the pictures; then those among whose neighbours is none of their class, with these."""
    found = [LookPart(f"{len(one.array):,} of {one.of:,} pictures by {one.layer}", one)]
    if one.apart:
        rows = tuple((one.keys[row], one.classes[one.labels[row]], one.classes[one.labels[near]], one.keys[near],
                      one.distances[row][0]) for row in one.apart[:MOST_APART] for near in one.neighbours[row][:1])
        table = LookTable(("picture", "class", "class of the nearest", "nearest", "distance"), rows, len(one.apart),
                          folded=True)
        words = ("Pictures whose five nearest by features are all of other classes: labels to check, or what the "
                 "network confuses, not which of the two.")
        far = np.array([one.distances[row][0] for row in one.apart])
        found.append(LookPart(f"{len(one.apart):,} pictures among other classes",
                              Explanation(far, "distance, 0 to 2", words, one.layer), "table", table=table))
    return found


def with_sizes(one: Explanation, title: str) -> list[LookPart]:
    """A signed map of three channels, and beside it the largest size of each pixel's values."""
    sizes = np.abs(one.array).max(axis=2)
    channels = one.array.shape[2]
    words = f"The same without its sign{f', the largest of the {channels} channels' if channels > 1 else ''}."
    return [LookPart(title, one), LookPart(f"{title}: size per pixel", Explanation(
        sizes, f"{one.units}, size", words, one.layer, one.unit, position=one.position), "sizes")]
