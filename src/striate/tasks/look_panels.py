"""Panels of a look: explanations as numbered maps with their display scales, and the words beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.convnet.explain.activation_maps import ActivationMaps
from striate.convnet.explain.dot_product import DotProduct, sum_line
from striate.convnet.explain.embedding import Embedding
from striate.convnet.explain.faithfulness import Faithfulness
from striate.convnet.explain.filters import FilterBank
from striate.convnet.explain.maximise import Maximised
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.probe import LayerProbe
from striate.convnet.explain.sanity import SanityCheck
from striate.convnet.explain.strongest import Strongest
from striate.core.humanize import join_words
from striate.core.result import json_values
from striate.model.explanation import Explanation, Term
from striate.report.display_scale import DisplayScale
from striate.report.drawers import DRAWERS
from striate.report.network_look_result import LookMap, LookTable, TileFacts
from striate.tasks.look_parts import LookPart

MOST_FILTERS = 96  # of the first layer
MOST_TERMS = 10
MOST_NAMED = 12  # units or pairs, in a sentence
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
    tiles = _categories(array, classes) if drawing == "labels" else ()
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


def _categories(labels: NDArray[Any], classes: Sequence[str]) -> tuple[TileFacts, ...]:
    """The classes in a map of indices, the commonest first, with the share of each."""
    found, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(TileFacts(classes[int(found[i])], int(found[i]), float(counts[i] / labels.size)) for i in order)


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


@singledispatch
def notes_of(one: Explanation) -> tuple[str, ...]:  # noqa: ARG001 - what the others read
    """Sentences on an explanation beside its evidence."""
    return ()


@notes_of.register
def _(one: FilterBank) -> tuple[str, ...]:
    """What the numbers are; dead and duplicate filters."""
    bold = "The number beside each is the norm of its filter. " if len(one.norms) == len(one.array) else ""
    dead = f"{_units(one.dead)} dead: less than a hundredth of the largest norm." if one.dead else "None is dead."
    pairs = [f"{pair.first} and {pair.second} (cosine {pair.cosine:.3f})" for pair in one.duplicates[:MOST_NAMED]]
    more = f", and {len(one.duplicates) - MOST_NAMED:,} more pairs" if len(one.duplicates) > MOST_NAMED else ""
    twice = f"Nearly the same direction: {', '.join(pairs)}{more}." if pairs else "No two have nearly one direction."
    return f"{bold}{dead} {twice if one.compared else ''}".rstrip(),


@notes_of.register
def _(one: ActivationMaps) -> tuple[str, ...]:
    """What the numbers are; units that are silent in this picture."""
    silent, count = sum(layer.silent for layer in one.layers), sum(layer.shape[0] for layer in one.layers)
    where = one.layers[0].layer if len(one.layers) == 1 else f"{len(one.layers)} layers"
    return (f"The number beside each is its largest activation. Zero everywhere in this picture: {silent:,} of the "
            f"{count:,} units of {where}.{_at_limit(one)}",)


def _at_limit(one: ActivationMaps) -> str:
    """How many units of the layer reach the limit of their ReLU, and how they are ranked; empty for none."""
    limited = [layer for layer in one.layers if layer.before is not None]
    if one.limit is None or not limited:
        return ""
    full = int((limited[0].maxima >= one.limit).sum())
    return (f" Of {limited[0].layer} {full:,} reach its limit, {one.limit:g}, and are ranked by what goes into it."
            if full else "")


@notes_of.register
def _(one: Strongest) -> tuple[str, ...]:
    """How much was looked at, and the units that nothing excites."""
    said = f"{one.pictures:,} pictures of {one.data} ({one.part}) were looked at, each at most once for a unit; to the "
    silent = "" if one.dead is None else (f" {_units(one.dead)} 0 for all of them." if one.dead else
                                          f" Each of the {one.of:,} units is excited by one of them.")
    order = ("the layer before has an order: they are the first of all that do" if one.ordered_by is None else
             f"they are in the order of what goes into it, from {one.ordered_by}")
    full = f" Of {len(one.saturated):,} units all nine reach the same limit: {order}." if one.saturated else ""
    return f"{said}right of the crops is what comes back by {one.rule}.{silent}{full}",


@notes_of.register
def _(one: Embedding) -> tuple[str, ...]:
    """How far the map can be trusted, by numbers that do not depend on it."""
    return (f"Of {one.agreeing:.1%} of the pictures the nearest neighbour by features is of the same class; the five "
            f"nearest of each, which are exact, are in the JSON. The map is made of {one.components} principal "
            f"components of {one.dimensions:,} numbers.",)


@notes_of.register
def _(one: LayerProbe) -> tuple[str, ...]:
    """How the layers were described, and what the lines are."""
    ways = join_words(sorted({layer.pooling for layer in one.layers if layer.pooling != "as it is"}), "or")
    own = "The network knows other classes." if one.own is None else f"The network itself: {one.own:.1%}."
    crafted = "" if one.baseline is None else f" Hand-crafted: {one.baseline:.1%},"
    pooled = f" Maps are described by their {ways}." if ways else ""
    return (f"A linear classifier in {one.folds} folds, the same for every layer and the hand-crafted features. {own}"
            f"{crafted or ' Hand-crafted:'} {one.baseline_what}.{pooled}",)


@notes_of.register
def _(one: Maximised) -> tuple[str, ...]:
    """What the numbers are, how many units were asked, and those that no picture excites."""
    asked = len(one.shown) + len(one.silent)
    silent = f" {_units(one.silent)} excited by none of the pictures found." if one.silent else ""
    return (f"The number beside each is the largest activation it reaches. {asked:,} of {one.of_units:,} units of "
            f"{one.layer} were asked; --unit asks another.{silent}",)


@notes_of.register
def _(one: SanityCheck) -> tuple[str, ...]:
    """The verdicts, and the methods that have no map here."""
    lacking = (f"No map to check here: {join_words(one.undefined, 'and')}.",) if one.undefined else ()
    return (*(f"{verdict.method}: {verdict.sentence}" for verdict in one.verdicts), *lacking)


@notes_of.register
def _(one: Faithfulness) -> tuple[str, ...]:
    """What the areas say of each map, and the methods that are not defined or have no places here."""
    lacking = (f"Not defined here: {join_words(one.undefined, 'and')}.",) if one.undefined else ()
    single = (f"Without places here, so without an order of them: {join_words(one.placeless, 'and')}.",)
    return (*(f"{score.method}: {score.sentence}" for score in one.scores), *lacking,
            *(single if one.placeless else ()))


@notes_of.register
def _(one: DotProduct) -> tuple[str, ...]:
    """The sum in a line, in network and in pixel units, and the layers between it and the target."""
    raw = one.pixels
    said = raw and sum_line(one.array.size, float(raw.products.sum()), raw.bias, raw.total)
    return f"{one.sentence}.", *((f"In pixel units: {said}.",) if said else ()), *(f"{step}." for step in one.steps)


def _units(units: Sequence[int]) -> str:
    named = join_words([str(one) for one in units[:MOST_NAMED]], "and")
    more = f" and {len(units) - MOST_NAMED:,} more" if len(units) > MOST_NAMED else ""
    return f"Unit {named} is" if len(units) == 1 else f"Units {named}{more} are"
