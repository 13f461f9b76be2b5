"""Ascent of a unit: what is made larger before its ReLU, at which place, and in how large a picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from striate.arch.layer_traits import KEEPS_SIGN, OWN_CHANNEL
from striate.arch.network import INPUT
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target

AVERAGES = ("pool", "global_pool")
# A picture that makes a unit before them larger makes the same unit behind them larger.
SAME_UNITS = (KEEPS_SIGN & OWN_CHANNEL) - {"pad", "multiply", "maximum"} | {"lrn"}

Size = tuple[int, int]  # rows and columns


@dataclass(frozen=True)
class Ascent:
    """Ascent of units: `layer` before its ReLU, at `place`, or the mean of all places if None; the pictures' `size`."""

    layer: str
    place: tuple[int, int] | None
    size: Size


def planned(model: ExplainedNet, target: Target) -> Ascent:
    """What to make larger for a target: the input of the ReLU before it, if only layers that keep units apart follow.

    Behind an average of all positions it is their mean, else a unit whose receptive field lies within the picture.
    """
    whole = (model.network.input.height, model.network.input.width)
    layer, averaged = before_relu(model, target.layer)
    if averaged:
        return Ascent(layer, None, whole)
    if target.at is not None and model.volume(layer) == model.volume(target.layer):
        return Ascent(layer, target.at, whole)
    return smallest(model, layer, whole) if layer == target.layer or target.at is None else Ascent(layer, None, whole)


def before_relu(model: ExplainedNet, layer: str) -> tuple[str, bool]:
    """The input of the last ReLU before `layer`, or `layer` without one; and whether averages lie between."""
    node, averaged = model.nodes.get(layer), False
    while node is not None and node.layer.kind in SAME_UNITS:
        averaged = averaged or (node.layer.kind in AVERAGES and node.layer.mode == "average")  # type: ignore[attr-defined]
        if node.layer.kind == "relu":
            return node.inputs[0], averaged
        node = model.nodes.get(node.inputs[0])
    return layer, False


def smallest(model: ExplainedNet, layer: str, whole: Size) -> Ascent:
    """A unit of `layer` that sees no border, in a picture no larger than it needs; else in the middle of a whole one.

    The picture lacks whole strides at the bottom and the right, so that windows and padding lie as in a whole one.
    """
    _, height, width = model.volume(layer)
    middle = Ascent(layer, (height // 2, width // 2), whole)
    row = next((row for row in model.survey.rows if row.name == layer), None)
    if row is None or any(isinstance(field.stride, Fraction) for field in row.fields):
        return middle
    places, sides = [], []
    for field, size in zip(row.fields, whole, strict=True):
        place = -int(field.first) // int(field.stride) + (int(field.first) % int(field.stride) > 0)
        needed = int(field.first) + place * int(field.stride) + int(field.size)
        places.append(place)
        sides.append(size - max(0, size - needed) // int(field.stride) * int(field.stride))
    found = Ascent(layer, (places[0], places[1]), (sides[0], sides[1]))
    return found if sides[0] < whole[0] and sides[1] < whole[1] and fits(model, found) else middle


def fits(model: ExplainedNet, ascent: Ascent) -> bool:
    """Whether windows begin in pictures of this size where they begin in whole ones, and no layer reads all of them."""
    sizes: dict[str, Size] = {INPUT: ascent.size}
    for node in model.path_to(ascent.layer):
        height, width = sizes[node.inputs[0]]
        if node.layer.reach in ("all", "spread") or any(sizes[name] != (height, width) for name in node.inputs):
            return False
        if node.layer.window is None:
            sizes[node.name] = (height, width)
            continue
        volume = node.input_volumes[0]
        now, then = node.layer.window.axes(height, width), node.layer.window.axes(volume.height, volume.width)
        counts = [axis.count(node.layer.window.rounding) for axis in now]
        if not all(counts) or any(one.pads[0] != other.pads[0] for one, other in zip(now, then, strict=True)):
            return False
        sizes[node.name] = (counts[0], counts[1])
    assert ascent.place is not None
    return all(place < size for place, size in zip(ascent.place, sizes[ascent.layer], strict=True))
