"""Layers passed on the way from a unit to the weighted sum behind it, each with its arithmetic in one line.

A ReLU, a max pooling or a concatenation computes no sum of products: its output is one value of its input, changed or
not. `PASSED` has one function a layer kind, which says in which input it is, where, and what happened to it.
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


class Passed(NamedTuple):
    """Layer passed: the name of the input that its value comes from, the place there, and its arithmetic as text."""

    source: str
    place: Place
    text: str


class Passing(NamedTuple):
    """What a layer is passed with: its node, tensors, inputs (C, H, W), the place in its output, and the output."""

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

    def here(self, arithmetic: str) -> Passed:
        """It is the value at the same place of the first input, changed by `arithmetic`."""
        return self.from_place(self.place, f"{arithmetic} = {significant(self.output)}")

    def from_place(self, place: Place, text: str, branch: int = 0) -> Passed:
        """It is the value at `place` of an input."""
        return Passed(self.node.inputs[branch], place, text)


def place_text(place: Place) -> str:
    """A place in words.

    >>> place_text((3, 5, 6))
    'channel 3 at 5,6'
    """
    return f"channel {place[0]} at {place[1]},{place[2]}"


def affine(passing: Passing) -> tuple[float, float]:
    """Factor and shift of a batch normalisation or scale: its output is factor·input + shift, float64."""
    weight, bias = passing.tensor("weight", 1.0), passing.tensor("bias", 0.0)
    if passing.layer.kind == "scale":
        return weight, bias
    factor = weight / math.sqrt(passing.tensor("running_var", 1.0) + passing.layer.epsilon)
    return factor, bias - passing.tensor("running_mean", 0.0) * factor


def _affine(passing: Passing) -> Passed:
    factor, shift = affine(passing)
    return passing.here(f"{significant(factor)} · {significant(passing.x)} {plus(shift)}")


def _relu(passing: Passing) -> Passed:
    limit = passing.layer.limit
    rectified = f"max(0, {significant(passing.x)})"
    return passing.here(rectified if limit is None else f"min({limit:g}, {rectified})")


def _sloped(passing: Passing) -> Passed:
    slope = passing.layer.slope if passing.layer.kind == "leaky_relu" else passing.tensor("weight", 0.0)
    x = significant(passing.x)
    return passing.here(f"{x}, as it is above 0," if passing.x > 0 else f"{significant(slope)} · {x}")


def _elu(passing: Passing) -> Passed:
    x, alpha = significant(passing.x), significant(passing.layer.alpha)
    return passing.here(f"{x}, as it is above 0," if passing.x > 0 else f"{alpha} · (exp({x}) − 1)")


def _tanh(passing: Passing) -> Passed:
    amplitude, slope = significant(passing.layer.amplitude), significant(passing.layer.slope)
    return passing.here(f"{amplitude} · tanh({slope} · {significant(passing.x)})")


def _softmax(passing: Passing) -> Passed:
    _, row, column = passing.place
    values = passing.inputs[0][:, row, column].double()
    total = significant(float(values.logsumexp(0)))
    return passing.here(f"exp({significant(passing.x)} − {total}), where exp({total}) is the sum of the exponentials "
                        f"of all {len(values)} channels,")


def _lrn(passing: Passing) -> Passed:
    layer, (channel, row, column) = passing.layer, passing.place
    x, half = passing.inputs[0].double(), passing.layer.size // 2
    if layer.region == "across":
        around, count = x[max(0, channel - half):channel + half + 1, row, column], layer.size
    else:
        around = x[channel, max(0, row - half):row + half + 1, max(0, column - half):column + half + 1]
        count = layer.size ** 2
    what = "channels" if layer.region == "across" else "pixels"
    squares = significant(float((around ** 2).sum()))
    base = f"{significant(layer.k)} + {significant(layer.alpha)}/{count} · {squares}"
    return passing.here(f"{significant(passing.x)} / ({base})^{significant(layer.beta)}, where {squares} is the sum of "
                        f"the squares of the {around.numel()} {what} around it,")


def _max_pool(passing: Passing) -> Passed:
    channel, row, column = passing.place
    own = passing.inputs[0][channel][None, None]
    winner = int(max_pool_switches(passing.layer, own)[1][0, 0, row, column])
    place = (channel, winner // own.shape[3], winner % own.shape[3])
    height, width = own.shape[2:] if passing.layer.kind == "global_pool" else passing.layer.window.kernel
    return passing.from_place(place, f"the largest of a {height}×{width} window, {significant(passing.output)}, is at "
                                     f"{place[1]},{place[2]}")


def _maxout(passing: Passing) -> Passed:
    channel, row, column = passing.place
    first, last = channel * passing.layer.pieces, (channel + 1) * passing.layer.pieces - 1
    values = passing.inputs[0][first:last + 1, row, column]
    place = (first + _first_largest(values), row, column)
    return passing.from_place(place, f"the largest of channels {first} to {last}, {significant(passing.output)}, is "
                                     f"that of channel {place[0]}")


def _maximum(passing: Passing) -> Passed:
    branch = _first_largest(torch.stack([values[passing.place] for values in passing.inputs]))
    return passing.from_place(passing.place, f"the largest of {len(passing.inputs)} branches, "
                              f"{significant(passing.output)}, is that of {passing.node.inputs[branch]}", branch)


def _multiply(passing: Passing) -> Passed:
    factors = [f"{significant(float(values[passing.place]))} of {name}"
               for values, name in zip(passing.inputs, passing.node.inputs, strict=True)]
    return passing.from_place(passing.place, f"{' · '.join(factors)} = {significant(passing.output)}; "
                                             f"the table is that of {passing.node.inputs[0]}")


def _concat(passing: Passing) -> Passed:
    channel, row, column = passing.place
    ends = np.cumsum([volume.channels for volume in passing.node.input_volumes])
    branch = int(np.searchsorted(ends, channel, "right"))
    place = (channel - int(ends[branch - 1] if branch else 0), row, column)
    return passing.from_place(place, f"channel {channel} is channel {place[0]} of {passing.node.inputs[branch]}",
                              branch)


def _slice(passing: Passing) -> Passed:
    channel, row, column = passing.place
    place = (channel + passing.layer.first, row, column)
    return passing.from_place(place, f"channel {channel} is channel {place[0]} of {passing.node.inputs[0]}")


def _reshape(passing: Passing) -> Passed:
    flat = np.ravel_multi_index(passing.place, passing.node.output.shape)
    channel, row, column = map(int, np.unravel_index(flat, passing.node.input_volumes[0].shape))
    place = (channel, row, column)
    return passing.from_place(place, f"{place_text(passing.place)} is {place_text(place)} of {passing.node.inputs[0]}")


def _pad(passing: Passing) -> Passed:
    (top, _), (left, _) = as_pads(passing.layer.padding)
    channel, row, column = passing.place
    place = (channel, row - top, column - left)
    if passing.node.input_volumes[0].height > place[1] >= 0 <= place[2] < passing.node.input_volumes[0].width:
        return passing.from_place(place, f"{row},{column} is {place[1]},{place[2]} of {passing.node.inputs[0]}")
    return passing.from_place(place, f"{row},{column} is a zero of the padding")


def _first_largest(values: Tensor) -> int:
    return int((values == values.max()).to(torch.uint8).argmax())


PASSED: Mapping[str, Callable[[Passing], Passed]] = MappingProxyType({
    "relu": _relu, "leaky_relu": _sloped, "prelu": _sloped, "elu": _elu, "tanh": _tanh,
    "sigmoid": lambda passing: passing.here(f"1 / (1 + exp({significant(-passing.x)}))"),
    "dropout": lambda passing: passing.from_place(passing.place, "drops nothing in a prediction"),
    "batch_norm": _affine, "scale": _affine, "softmax": _softmax, "lrn": _lrn, "pool": _max_pool,
    "global_pool": _max_pool, "maxout": _maxout, "maximum": _maximum, "multiply": _multiply, "concat": _concat,
    "slice": _slice, "flatten": _reshape, "reshape": _reshape, "pad": _pad,
})
