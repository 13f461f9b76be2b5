"""Panels of a look: explanations as numbered maps with their display scales and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.core.result import json_values
from striate.model.explanation import Explanation, Term
from striate.report.display_scale import DisplayScale
from striate.report.drawers import DRAWERS
from striate.report.network_look_result import LookMap, LookTable
from striate.tasks.look_parts import LookPart
from striate.tasks.look_tiles import categories_in, tiles_of

MOST_TERMS = 10
BEYOND = 0.5  # per cent of the values of a signed map that may lie beyond its scale


def maps_of(method: str, parts: Sequence[LookPart], classes: Sequence[str], scale: str) -> tuple[LookMap, ...]:
    """The maps of one method, one for each part; one scale for the alike if `scale` is `shared`, else for `each`."""
    drawings = [drawing_of(method, part) for part in parts]
    alike: dict[tuple[str, ...], list[NDArray[Any]]] = {}
    for drawing, part in zip(drawings, parts, strict=True):
        alike.setdefault(_likeness(drawing, part.explanation), []).append(part.explanation.array)
    found = []
    for place, (drawing, part) in enumerate(zip(drawings, parts, strict=True)):
        one = part.explanation
        arrays = alike[_likeness(drawing, one)] if scale == "shared" else [one.array]
        own = (common_scale(arrays, drawing, part.from_zero, part.diverging, part.least)
               if DRAWERS[drawing].scaled else None)
        if part.scaled:
            own = common_scale(part.scaled, "signed")
        name = f"{method}-{place + 1}" if place else method
        found.append(_map(name, part, drawing, own, classes))
    return tuple(found)


def drawing_of(method: str, part: LookPart) -> str:
    """How a part is drawn: a map of one place has nothing to lay over the picture, and is a table."""
    drawing = part.drawing or METHODS_OF_LOOK[method].drawing
    return "table" if drawing == "overlay" and part.explanation.array.size == 1 else drawing


def _likeness(drawing: str, one: Explanation) -> tuple[str, ...]:
    """What maps with one scale have in common: drawing, units and layer."""
    return drawing, one.units, one.layer or ""


def common_scale(arrays: Sequence[NDArray[Any]], drawing: str, from_zero: bool = True, diverging: bool = False,
                 least: float = 0.0) -> DisplayScale | None:
    """One display scale for several arrays; None for pixels, which are drawn as they are.

    Values of both signs have 0 in the middle, and all if they are `diverging`; others begin at 0, or with `from_zero`
    False at the smallest. An end that is not 0 is `least` at least, so that smaller values stay faint.

    >>> common_scale([np.array([[0.0, 3.0]]), np.array([[0.0, 4.0]])], "overlay")
    DisplayScale(low=0.0, high=4.0, beyond=0.0, diverging=False)
    >>> common_scale([np.array([[-0.002, 0.001]])], "overlay", least=0.01)
    DisplayScale(low=-0.01, high=0.01, beyond=0.0, diverging=True)
    """
    if any(one.dtype == np.uint8 for one in arrays):
        return None
    low, high = min(float(one.min()) for one in arrays), max(float(one.max()) for one in arrays)
    if drawing not in ("signed", "sizes"):
        end = max(-low, high, least)
        if low < 0 or diverging:
            return DisplayScale(-end, end, diverging=True)
        return DisplayScale(0.0, end) if from_zero else DisplayScale(low, high)
    sizes = np.abs(np.concatenate([one.ravel() for one in arrays]))
    end = float(np.percentile(sizes, 100 - BEYOND)) or float(sizes.max())
    signed = drawing == "signed"
    return DisplayScale(-end if signed else 0.0, end, float((sizes > end).mean()), diverging=signed)


def _map(name: str, part: LookPart, drawing: str, scale: DisplayScale | None, classes: Sequence[str]) -> LookMap:
    one, array = part.explanation, part.explanation.array
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    peak = tuple(int(i) for i in np.unravel_index(int(array.argmax()), array.shape)) if array.size else ()
    empty = DRAWERS[drawing].scaled and array.dtype != np.uint8 and low == high == 0
    tiles = categories_in(array, classes) if drawing == "labels" else ()
    if drawing in ("tiles", "crops"):
        tiles = tiles_of(one, part.tiles)
    table = part.table
    if drawing == "table" and table is None and not one.terms:
        table = LookTable((one.units,), tuple((value,) for value in array.ravel().tolist()), array.size)
    return LookMap(
        name=name, title=part.title, drawing=drawing, layer=one.layer, unit=one.unit, position=one.position,
        shape=tuple(array.shape), low=low, high=high, peak=peak, scale=scale, evidence=one.evidence, empty=empty,
        total=one.total, bias=one.bias, terms=strongest_terms(one.terms), term_count=len(one.terms), table=table,
        curve=part.curve, tiles=tiles, count=part.count or (len(array) if drawing == "tiles" else len(tiles)),
        facts=facts_of(one))


def strongest_terms(terms: Sequence[Term]) -> tuple[Term, ...]:
    """The ten terms with the largest magnitudes, all if they are fewer; by value, the largest first.

    >>> [one.name for one in strongest_terms([Term("against", -0.8, 0.8), Term("for", 0.2, 0.2)])]
    ['for', 'against']
    """
    largest = sorted(terms, key=lambda one: -abs(one.value))[:MOST_TERMS]
    return tuple(sorted(largest, key=lambda one: -one.value))


def facts_of(one: Explanation) -> dict[str, object]:
    """What a method's explanation says beyond every explanation, as JSON values; arrays are left to its files."""
    base = {field.name for field in fields(Explanation)}
    found: dict[str, object] = {"terms": json_values(one.terms)} if one.terms else {}
    for field in fields(one):
        key, value = field.metadata.get("key", field.name), getattr(one, field.name)
        if field.name not in base and key is not None and not isinstance(value, np.ndarray):
            found[key] = _without_arrays(value)
    return found


def _without_arrays(value: object) -> object:
    """JSON values of `value`; of dataclasses in it without their arrays."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {one.metadata.get("key", one.name): getattr(value, one.name) for one in fields(value)}
        return {key: _without_arrays(item) for key, item in named.items()
                if key is not None and not isinstance(item, np.ndarray)}
    if isinstance(value, list | tuple):
        return [_without_arrays(item) for item in value]
    return json_values(value)
