"""Layers traced back from a unit to the weighted sum behind it, each with its arithmetic in one line.

A ReLU, a max pooling or a concatenation computes no sum of products: its output is one value of its input, changed or
not. `TRACED` has one function a layer kind, which says in which input it is, where, and what happened to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from striate.arch.layer_params import as_pads
from striate.arch.network import Node
from striate.convnet.build.operations import max_pool_switches
from striate.convnet.explain.taps import Place
from striate.core.humanize import plus, significant


class TracedSource(NamedTuple):
    """Source of a unit: the name of the input that its value comes from, the place there, its arithmetic as text."""

    source: str
    place: Place
    text: str


class TracedUnit(NamedTuple):
    """Unit that is traced: its node, the tensors and inputs (C, H, W) of that, its place, and its value."""

    node: Node
    tensors: Mapping[str, Tensor]
    inputs: tuple[Tensor, ...]
    place: Place
    output: float

    @property
    def layer(self) -> Any:
        """The layer, with the fields of its kind."""
        return self.node.layer

    @property
    def x(self) -> float:
        """The value at the same place of the first input."""
        return float(self.inputs[0][self.place])

    def tensor(self, name: str, otherwise: float) -> float:
        """The value of the channel in a tensor of the layer, or `otherwise` where it has none."""
        if (values := self.tensors.get(name)) is None:
            return otherwise
        return float(values[self.place[0] if len(values) > 1 else 0])

    def here(self, arithmetic: str) -> TracedSource:
        """It is the value at the same place of the first input, changed by `arithmetic`."""
        return self.from_place(self.place, f"{arithmetic} = {significant(self.output)}")

    def from_place(self, place: Place, text: str, branch: int = 0) -> TracedSource:
        """It is the value at `place` of an input."""
        return TracedSource(self.node.inputs[branch], place, text)


def place_text(place: Place) -> str:
    """A place in words.

    >>> place_text((3, 5, 6))
    'channel 3 at 5,6'
    """
    return f"channel {place[0]} at {place[1]},{place[2]}"


def affine(unit: TracedUnit) -> tuple[float, float]:
    """Factor and shift of a batch normalisation or scale: its output is factor·input + shift, float64."""
    weight, bias = unit.tensor("weight", 1.0), unit.tensor("bias", 0.0)
    if unit.layer.kind == "scale":
        return weight, bias
    factor = weight / math.sqrt(unit.tensor("running_var", 1.0) + unit.layer.epsilon)
    return factor, bias - unit.tensor("running_mean", 0.0) * factor


def _affine(unit: TracedUnit) -> TracedSource:
    factor, shift = affine(unit)
    return unit.here(f"{significant(factor)} · {significant(unit.x)} {plus(shift)}")


def _relu(unit: TracedUnit) -> TracedSource:
    limit = unit.layer.limit
    rectified = f"max(0, {significant(unit.x)})"
    return unit.here(rectified if limit is None else f"min({limit:g}, {rectified})")


def _sloped(unit: TracedUnit) -> TracedSource:
    slope = unit.layer.slope if unit.layer.kind == "leaky_relu" else unit.tensor("weight", 0.0)
    x = significant(unit.x)
    return unit.here(f"{x}, as it is above 0," if unit.x > 0 else f"{significant(slope)} · {x}")


def _elu(unit: TracedUnit) -> TracedSource:
    x, alpha = significant(unit.x), significant(unit.layer.alpha)
    return unit.here(f"{x}, as it is above 0," if unit.x > 0 else f"{alpha} · (exp({x}) − 1)")


def _tanh(unit: TracedUnit) -> TracedSource:
    amplitude, slope = significant(unit.layer.amplitude), significant(unit.layer.slope)
    return unit.here(f"{amplitude} · tanh({slope} · {significant(unit.x)})")


def _softmax(unit: TracedUnit) -> TracedSource:
    _, row, column = unit.place
    values = unit.inputs[0][:, row, column].double()
    total = significant(float(values.logsumexp(0)))
    return unit.here(f"exp({significant(unit.x)} − {total}), where exp({total}) is the sum of the exponentials "
                     f"of all {len(values)} channels,")


def _lrn(unit: TracedUnit) -> TracedSource:
    layer, (channel, row, column) = unit.layer, unit.place
    x, half = unit.inputs[0].double(), unit.layer.size // 2
    if layer.region == "across":
        around, count = x[max(0, channel - half):channel + half + 1, row, column], layer.size
    else:
        around = x[channel, max(0, row - half):row + half + 1, max(0, column - half):column + half + 1]
        count = layer.size ** 2
    what = "channels" if layer.region == "across" else "pixels"
    squares = significant(float((around ** 2).sum()))
    base = f"{significant(layer.k)} + {significant(layer.alpha)}/{count} · {squares}"
    return unit.here(f"{significant(unit.x)} / ({base})^{significant(layer.beta)}, where {squares} is the sum of "
                     f"the squares of the {around.numel()} {what} around it,")


def _max_pool(unit: TracedUnit) -> TracedSource:
    channel, row, column = unit.place
    own = unit.inputs[0][channel][None, None]
    winner = int(max_pool_switches(unit.layer, own)[1][0, 0, row, column])
    place = (channel, winner // own.shape[3], winner % own.shape[3])
    height, width = own.shape[2:] if unit.layer.kind == "global_pool" else unit.layer.window.kernel
    return unit.from_place(place, f"the largest of a {height}×{width} window, {significant(unit.output)}, is at "
                                  f"{place[1]},{place[2]}")


def _maxout(unit: TracedUnit) -> TracedSource:
    channel, row, column = unit.place
    first, last = channel * unit.layer.pieces, (channel + 1) * unit.layer.pieces - 1
    values = unit.inputs[0][first:last + 1, row, column]
    place = (first + _first_largest(values), row, column)
    return unit.from_place(place, f"the largest of channels {first} to {last}, {significant(unit.output)}, is "
                                  f"that of channel {place[0]}")


def _maximum(unit: TracedUnit) -> TracedSource:
    branch = _first_largest(torch.stack([values[unit.place] for values in unit.inputs]))
    return unit.from_place(unit.place, f"the largest of {len(unit.inputs)} branches, "
                           f"{significant(unit.output)}, is that of {unit.node.inputs[branch]}", branch)


def _multiply(unit: TracedUnit) -> TracedSource:
    factors = [f"{significant(float(values[unit.place]))} of {name}"
               for values, name in zip(unit.inputs, unit.node.inputs, strict=True)]
    return unit.from_place(unit.place, f"{' · '.join(factors)} = {significant(unit.output)}; "
                                       f"the table is that of {unit.node.inputs[0]}")


def _concat(unit: TracedUnit) -> TracedSource:
    channel, row, column = unit.place
    ends = np.cumsum([volume.channels for volume in unit.node.input_volumes])
    branch = int(np.searchsorted(ends, channel, "right"))
    place = (channel - int(ends[branch - 1] if branch else 0), row, column)
    return unit.from_place(place, f"channel {channel} is channel {place[0]} of {unit.node.inputs[branch]}",
                           branch)


def _slice(unit: TracedUnit) -> TracedSource:
    channel, row, column = unit.place
    place = (channel + unit.layer.first, row, column)
    return unit.from_place(place, f"channel {channel} is channel {place[0]} of {unit.node.inputs[0]}")


def _reshape(unit: TracedUnit) -> TracedSource:
    flat = np.ravel_multi_index(unit.place, unit.node.output.shape)
    channel, row, column = map(int, np.unravel_index(flat, unit.node.input_volumes[0].shape))
    place = (channel, row, column)
    return unit.from_place(place, f"{place_text(unit.place)} is {place_text(place)} of {unit.node.inputs[0]}")


def _pad(unit: TracedUnit) -> TracedSource:
    (top, _), (left, _) = as_pads(unit.layer.padding)
    channel, row, column = unit.place
    place = (channel, row - top, column - left)
    if unit.node.input_volumes[0].height > place[1] >= 0 <= place[2] < unit.node.input_volumes[0].width:
        return unit.from_place(place, f"{row},{column} is {place[1]},{place[2]} of {unit.node.inputs[0]}")
    return unit.from_place(place, f"{row},{column} is a zero of the padding")


def _first_largest(values: Tensor) -> int:
    return int((values == values.max()).to(torch.uint8).argmax())


TRACED: Mapping[str, Callable[[TracedUnit], TracedSource]] = MappingProxyType({
    "relu": _relu, "leaky_relu": _sloped, "prelu": _sloped, "elu": _elu, "tanh": _tanh,
    "sigmoid": lambda unit: unit.here(f"1 / (1 + exp({significant(-unit.x)}))"),
    "dropout": lambda unit: unit.from_place(unit.place, "drops nothing in a prediction"),
    "batch_norm": _affine, "scale": _affine, "softmax": _softmax, "lrn": _lrn, "pool": _max_pool,
    "global_pool": _max_pool, "maxout": _maxout, "maximum": _maximum, "multiply": _multiply, "concat": _concat,
    "slice": _slice, "flatten": _reshape, "reshape": _reshape, "pad": _pad,
})
