"""Tiles of a sheet of a look: which of an explanation's are shown, with their names and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.convnet.explain.activation_maps import ActivationMaps
from striate.convnet.explain.filters import FilterBank
from striate.convnet.explain.maximise import Maximised
from striate.convnet.explain.strongest import Strongest
from striate.model.explanation import Explanation
from striate.report.network_look_result import TileFacts

MOST_FILTERS = 96  # of the first layer


@singledispatch
def tiles_of(one: Explanation, most: int) -> tuple[TileFacts, ...]:
    """The tiles of a sheet that are shown, at most `most`, with their numbers."""
    return tuple(TileFacts(f"{place}", place) for place in range(min(most, len(one.array))))


@tiles_of.register
def _(one: FilterBank, most: int) -> tuple[TileFacts, ...]:
    """Filters with their norms; slices with none."""
    whole, dead = len(one.norms) == len(one.array), set(one.dead)
    return tuple(TileFacts(one.names[place], place, one.norms[place] if whole else None, None,
                           "dead" if whole and place in dead else None)
                 for place in range(min(MOST_FILTERS if whole else most, len(one.array))))


@tiles_of.register
def _(one: ActivationMaps, most: int) -> tuple[TileFacts, ...]:
    """The units of the target's layer with the largest maxima, in the order of their numbers."""
    assert one.layer is not None
    activity = one.of(one.layer)
    lowest = one.array.min(axis=(1, 2))
    found = []
    for unit in sorted(activity.ranked()[:most].tolist()):
        largest = activity.maximum(unit)
        found.append(TileFacts(f"unit {unit}", unit, largest.value, largest.position,
                               "flat" if lowest[unit] == largest.value else None))
    return tuple(found)


@tiles_of.register
def _(one: Maximised, most: int) -> tuple[TileFacts, ...]:
    """The units that have a picture, with the activation that it reaches."""
    return tuple(TileFacts(f"unit {unit}", place, float(value))
                 for place, (unit, value) in enumerate(zip(one.shown[:most], one.reached, strict=False)))


@tiles_of.register
def _(one: Strongest, most: int) -> tuple[TileFacts, ...]:
    """The pictures of the one unit shown, with their classes."""
    return tuple(TileFacts(picture.key, place, picture.value, picture.position, picture.label)
                 for place, picture in enumerate(one.shown[0].pictures[:most]))


def categories_in(labels: NDArray[Any], classes: Sequence[str]) -> tuple[TileFacts, ...]:
    """The classes in a map of indices, the commonest first, with the share of each."""
    found, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(TileFacts(classes[int(found[i])], int(found[i]), float(counts[i] / labels.size)) for i in order)
