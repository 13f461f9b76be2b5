"""Taps of a unit: the inputs that a weighted sum reads at one position, and their weights, one function a layer kind.

Convolutions, dense layers, means and sums of branches are all Σ weight·input + bias. `TAPS` lists their kinds; those of
all other layers are in `TRACED`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from striate.arch.layer_params import as_pads
from striate.arch.layer_traits import SAME_VALUES
from striate.arch.network import Node
from striate.arch.volume import Volume

Place = tuple[int, int, int]  # channel, row and column in the output of a layer
Indices = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Taps:
    """Taps of a unit at one position; the arrays are of one shape, (channels, rows, columns) for a window.

    Attributes:
        channel, row, column: of each input in its layer, int64.
        inside: whether it is in the layer; else it is padding, which is zero.
        weights: float64; `bias`: of the sum.
        sources: the layers that are read, by name; `source`: which of them each input is of, int64.

    """

    channel: Indices
    row: Indices
    column: Indices
    inside: NDArray[np.bool_]
    weights: Doubles
    bias: float
    sources: tuple[str, ...]
    source: Indices

    def read(self, volumes: Mapping[str, Tensor]) -> Doubles:
        """The inputs, float64, from the outputs (1, C, H, W) of layers by name; zero in the padding."""
        values = np.zeros(self.weights.shape)
        for index, name in enumerate(self.sources):
            chosen = self.inside & (self.source == index)
            volume = volumes[name][0].detach().cpu().numpy()
            values[chosen] = volume[self.channel[chosen], self.row[chosen], self.column[chosen]]
        return values

    def scaled(self, factor: float, shift: float) -> Taps:
        """The taps of factor·sum + shift."""
        return replace(self, weights=self.weights * factor, bias=self.bias * factor + shift)

    def before(self, node: Node) -> Taps:
        """The same taps on the input of `node`, which pads, reshapes or drops what they read; see `CARRIERS`."""
        volume = node.input_volumes[0]
        if node.layer.kind == "pad":
            (top, _), (left, _) = as_pads(node.layer.padding)  # type: ignore[attr-defined]
            row, column = self.row - top, self.column - left
            inside = self.inside & _within(row, column, volume)
            return replace(self, row=row, column=column, inside=inside, sources=node.inputs)
        places = (self.channel * node.output.height + self.row) * node.output.width + self.column
        channel, row, column = np.unravel_index(np.where(self.inside, places, 0), volume.shape)
        return replace(self, channel=channel, row=row, column=column, sources=node.inputs)


CARRIERS = SAME_VALUES | {"pad"}


def identity(source: str, volume: Volume, place: Place) -> Taps:
    """One tap of weight 1: an input as it is."""
    channel, row, column = (np.array([one]) for one in place)
    return _taps([source], volume, (channel, row, column), np.ones((1, 1, 1)))


def _within(row: Indices, column: Indices, volume: Volume) -> NDArray[np.bool_]:
    return (row >= 0) & (row < volume.height) & (column >= 0) & (column < volume.width)


def _taps(sources: Sequence[str], volume: Volume, block: tuple[Indices, Indices, Indices], weights: Doubles | float,
          bias: float = 0.0) -> Taps:
    """The taps of a block of channels, rows and columns; `weights` of its shape, or one for all."""
    channel, row, column = np.meshgrid(*block, indexing="ij")
    return Taps(channel, row, column, _within(row, column, volume), np.broadcast_to(weights, channel.shape), bias,
                tuple(sources), np.zeros_like(channel))


def numbers(tensor: Tensor) -> Doubles:
    """A tensor as a NumPy array, float64."""
    return np.asarray(tensor.detach().double().cpu().numpy())


def _bias(tensors: Mapping[str, Tensor], unit: int) -> float:
    return float(tensors["bias"][unit]) if "bias" in tensors else 0.0


def _window(channels: Indices, layer: Any, volume: Volume, place: Place) -> tuple[Indices, Indices, Indices]:
    """Channels, and the rows and columns of a layer's window at a place of its output."""
    axes = layer.window.axes(volume.height, volume.width)
    rows, columns = (at * axis.stride - axis.pads[0] + axis.dilation * np.arange(axis.kernel)
                     for at, axis in zip(place[1:], axes, strict=True))
    return channels, rows, columns


def _conv(node: Node, tensors: Mapping[str, Tensor], place: Place) -> Taps:
    layer: Any = node.layer
    (volume,), unit = node.input_volumes, place[0]
    channels = volume.channels // layer.groups
    first = unit // (layer.filters // layer.groups) * channels
    return _taps(node.inputs, volume, _window(np.arange(first, first + channels), layer, volume, place),
                 numbers(tensors["weight"][unit]), _bias(tensors, unit))


def _table_conv(node: Node, tensors: Mapping[str, Tensor], place: Place) -> Taps:
    layer: Any = node.layer
    (volume,), unit = node.input_volumes, place[0]
    maps, first = layer.table[unit], sum(map(len, layer.table[:unit]))
    return _taps(node.inputs, volume, _window(np.array(maps), layer, volume, place),
                 numbers(tensors["weight"][first:first + len(maps)]), _bias(tensors, unit))


def _deconv(node: Node, tensors: Mapping[str, Tensor], place: Place) -> Taps:
    layer: Any = node.layer
    (volume,), unit = node.input_volumes, place[0]
    channels, filters = volume.channels // layer.groups, layer.filters // layer.groups
    first = unit // filters * channels
    # An input pixel writes its filter from stride·i on: the weights that reach this place are those a stride apart.
    written = [at + axis.pads[0] - axis.dilation * np.arange(axis.kernel)
               for at, axis in zip(place[1:], layer.spread, strict=True)]
    chosen = [np.flatnonzero(at % axis.stride == 0) for at, axis in zip(written, layer.spread, strict=True)]
    rows, columns = (at[some] // axis.stride for at, some, axis in zip(written, chosen, layer.spread, strict=True))
    weights = numbers(tensors["weight"][first:first + channels, unit % filters])
    return _taps(node.inputs, volume, (np.arange(first, first + channels), rows, columns),
                 weights[:, chosen[0]][:, :, chosen[1]], _bias(tensors, unit))


def _dense(node: Node, tensors: Mapping[str, Tensor], place: Place) -> Taps:
    (volume,), unit = node.input_volumes, place[0]
    return _taps(node.inputs, volume, _whole(volume), numbers(tensors["weight"][unit]).reshape(volume.shape),
                 _bias(tensors, unit))


def _whole(volume: Volume) -> tuple[Indices, Indices, Indices]:
    return np.arange(volume.channels), np.arange(volume.height), np.arange(volume.width)


def _mean(node: Node, tensors: Mapping[str, Tensor], place: Place) -> Taps:  # noqa: ARG001 - as every kind
    """A mean over a window, as far as its divisor counts."""
    layer: Any = node.layer
    (volume,) = node.input_volumes
    sides = []
    for at, axis in zip(place[1:], layer.window.axes(volume.height, volume.width), strict=True):
        start = at * axis.stride - axis.pads[0]
        count = axis.divisor(at, layer.count_padding)
        sides.append((start if layer.count_padding else max(start, 0)) + np.arange(count))
    return _taps(node.inputs, volume, (np.array([place[0]]), sides[0], sides[1]), 1 / prod(map(len, sides)))


def _global_mean(node: Node, tensors: Mapping[str, Tensor], place: Place) -> Taps:  # noqa: ARG001 - as every kind
    (volume,) = node.input_volumes
    return _taps(node.inputs, volume, (np.array([place[0]]), *_whole(volume)[1:]),
                 1 / (volume.height * volume.width))


def _add(node: Node, tensors: Mapping[str, Tensor], place: Place) -> Taps:  # noqa: ARG001 - as every kind
    """A tap for each branch, at one place."""
    layer: Any = node.layer
    count = len(node.inputs)
    channel, row, column = (np.full(count, one) for one in place)
    factors = np.array(layer.coefficients or (1.0,) * count, np.float64)
    return Taps(channel, row, column, np.ones(count, bool), factors, 0.0, node.inputs, np.arange(count))


LINEAR = frozenset({"conv", "table_conv", "deconv", "dense"})  # layers that batch normalisation is folded into
TAPS: Mapping[str, Callable[[Node, Mapping[str, Tensor], Place], Taps]] = MappingProxyType({
    "conv": _conv, "table_conv": _table_conv, "deconv": _deconv, "dense": _dense, "pool": _mean,
    "global_pool": _global_mean, "add": _add,
})
