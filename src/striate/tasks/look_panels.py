"""Panels of a look: explanations as numbered maps with their display scales, and the words beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.convnet.explain.activation_maps import ActivationMaps
from striate.convnet.explain.filters import FilterBank
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.core.result import json_values
from striate.model.explanation import Explanation
from striate.report.network_look_result import DisplayScale, LookMap, TileFacts

MOST_TILES = 64  # of a sheet
MOST_FILTERS = 96  # of the first layer
BEYOND = 0.5  # per cent of the values of a signed map that may lie beyond its scale
SCALED = frozenset({"overlay", "signed", "tiles"})


def maps_of(method: str, titled: Sequence[tuple[str, Explanation]], scale: str) -> tuple[LookMap, ...]:
    """The maps of one method: (what is explained, explanation) each; `scale` is `shared` by them, or of `each`."""
    drawing = METHODS_OF_LOOK[method].drawing
    arrays = [one.array for _, one in titled]
    common = common_scale(arrays, drawing) if drawing in SCALED and scale == "shared" and arrays else None
    found = []
    for place, (title, one) in enumerate(titled):
        own = common or (common_scale([one.array], drawing) if drawing in SCALED else None)
        found.append(_map(f"{method}-{place + 1}" if place else method, title, one, own, drawing))
    return tuple(found)


def common_scale(arrays: Sequence[NDArray[Any]], drawing: str) -> DisplayScale | None:
    """One display scale for several arrays; None for pixels, which are drawn as they are.

    >>> common_scale([np.array([[0.0, 3.0]]), np.array([[0.0, 4.0]])], "overlay")
    DisplayScale(low=0.0, high=4.0, beyond=0.0, diverging=False)
    """
    if any(one.dtype == np.uint8 for one in arrays):
        return None
    low, high = min(float(one.min()) for one in arrays), max(float(one.max()) for one in arrays)
    if low >= 0 and drawing != "signed":
        return DisplayScale(0.0, high)
    if drawing != "signed":
        end = max(-low, high)
        return DisplayScale(-end, end, diverging=True)
    sizes = np.abs(np.concatenate([one.ravel() for one in arrays]))
    end = float(np.percentile(sizes, 100 - BEYOND)) or float(sizes.max())
    return DisplayScale(-end, end, float((sizes > end).mean()), diverging=True)


def _map(name: str, title: str, one: Explanation, scale: DisplayScale | None, drawing: str) -> LookMap:
    array = one.array
    numbers = np.issubdtype(array.dtype, np.number) and array.size > 0
    low, high = (float(array.min()), float(array.max())) if numbers else (0.0, 0.0)
    peak = tuple(int(i) for i in np.unravel_index(int(array.argmax()), array.shape)) if numbers else ()
    empty = drawing in SCALED and array.dtype != np.uint8 and low == high == 0
    return LookMap(name, title, one.layer, one.unit, one.position, tuple(array.shape), low, high, peak, scale,
                   one.evidence, empty, one.total, one.bias, tiles_of(one) if drawing == "tiles" else (),
                   len(array) if drawing == "tiles" else 1, facts_of(one))


def facts_of(one: Explanation) -> dict[str, object]:
    """What a method's explanation says beyond every explanation, as JSON values; arrays are left to its files."""
    base = {field.name for field in fields(Explanation)}
    found: dict[str, object] = {"terms": json_values(one.terms)} if one.terms else {}
    for field in fields(one):
        key, value = field.metadata.get("key", field.name), getattr(one, field.name)
        if field.name not in base and key is not None and not isinstance(value, np.ndarray):
            found[key] = json_values(value)
    return found


@singledispatch
def tiles_of(one: Explanation) -> tuple[TileFacts, ...]:
    """The tiles of a sheet that are shown, with their numbers."""
    names = getattr(one, "names", None) or [f"{place}" for place in range(len(one.array))]
    return tuple(TileFacts(names[place], place) for place in range(min(MOST_TILES, len(one.array))))


@tiles_of.register
def _(one: FilterBank) -> tuple[TileFacts, ...]:
    """Filters with their norms; slices with none."""
    whole = len(one.norms) == len(one.array)
    dead = set(one.dead)
    return tuple(TileFacts(one.names[place], place, one.norms[place] if whole else None,
                           flat=bool(whole and place in dead))
                 for place in range(min(MOST_FILTERS if whole else MOST_TILES, len(one.array))))


@tiles_of.register
def _(one: ActivationMaps) -> tuple[TileFacts, ...]:
    """The units of the target's layer with the largest maxima, in the order of their numbers."""
    assert one.layer is not None
    activity = one.of(one.layer)
    units = np.sort(np.argsort(-activity.maxima, kind="stable")[:MOST_TILES]).tolist()
    lowest = one.array.min(axis=(1, 2))
    found = []
    for unit in units:
        largest = activity.maximum(unit)
        found.append(TileFacts(f"unit {unit}", unit, largest.value, largest.position,
                               bool(lowest[unit] == largest.value)))
    return tuple(found)
