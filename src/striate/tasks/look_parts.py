"""Parts of an explanation that are drawn one by one: its own array, and what else it holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from striate.convnet.explain.class_evidence import ClassEvidence
from striate.convnet.explain.occlusion import OcclusionMaps
from striate.model.explanation import Explanation
from striate.report.formatting import percent


@dataclass(frozen=True, eq=False)
class LookPart:
    """Part of an explanation that is drawn.

    Attributes:
        title: what it is; `explanation`: of it alone.
        drawing: how it is drawn; None is as its method says.
        tiles: how many tiles of a sheet are shown, at most.

    """

    title: str
    explanation: Explanation
    drawing: str | None = None
    tiles: int = 64


@singledispatch
def parts_of(one: Explanation, title: str) -> list[LookPart]:
    """The parts of an explanation of `title`, the first of which is itself."""
    return [LookPart(title, one)]


@parts_of.register
def _(one: ClassEvidence, title: str) -> list[LookPart]:
    """The sum over all features, then a map of each of the strongest."""
    found = [LookPart(title, one)]
    if one.array.size > 1:
        for unit, part in zip(one.strongest, one.maps, strict=True):
            side = "for" if part.sum() > 0 else "against"
            found.append(LookPart(f"unit {unit}, {side} {title}", Explanation(
                part, one.units, f"What unit {unit} of {one.features} adds at each position, not what it sees there.",
                one.features, str(unit), total=float(part.sum()))))
    return found


@parts_of.register
def _(one: OcclusionMaps, title: str) -> list[LookPart]:
    """The fall of the probability over the picture, then Zeiler's three panels, one value for each window."""
    share, _, strength = one.untouched
    window = f"a grey window of {one.window}×{one.window} pixels"
    labels = np.unique(one.labels)
    return [
        LookPart(title, one),
        LookPart("probability", Explanation(
            one.probability, "probability", f"The probability of {one.unit} with {window} at each place, "
            f"{percent(share)} without it.", one.layer, one.unit)),
        LookPart("label", Explanation(
            one.labels, "class", f"The most probable class with {window} at each place, one of {len(labels)}.",
            one.layer), "labels"),
        LookPart(f"unit {one.map_unit} of {one.map_layer}", Explanation(
            one.activation, "activation", f"The sum of the strongest map of {one.map_layer} with {window} at each "
            f"place, {strength:.4g} without it.", one.map_layer, str(one.map_unit))),
    ]
