"""Forward passes of copies of one picture that differ from it in one rectangle each: only what changes is computed.

Covering a window changes few outputs of the first layers: those whose windows reach it. Of every volume the rectangle
that can differ is computed and the rest is read from the volume of the picture itself, so the result is that of the
whole pass, within rounding. As soon as the rectangle is most of a volume, or a layer reads all of it, passes are
whole. The rectangles of a batch are made one size, those at the border by reaching further inwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch.axis import Axis, Pair
from striate.arch.network import INPUT, Node
from striate.arch.volume import Volume
from striate.convnet.build.net import Net, last_uses
from striate.convnet.inference.fold_batch_norm import InPlaceReLU
from striate.convnet.inference.fused_conv import FusedConvReLU

WHOLE = 0.6  # share of a volume from which all of it is computed: a rectangle costs one copy more

Starts = tuple[NDArray[np.int64], NDArray[np.int64]]  # first row and first column of each rectangle, (n,) each


@dataclass(frozen=True, eq=False)
class Rectangles:
    """Rectangles of the volumes of a batch: `values` (n, C, h, w), the first of which are at `starts`."""

    values: Tensor
    starts: Starts

    @classmethod
    def whole(cls, values: Tensor) -> Rectangles:
        """All of the volumes (n, C, H, W)."""
        zeros = np.zeros(len(values), np.int64)
        return cls(values, (zeros, zeros))

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width."""
        return self.values.shape[2], self.values.shape[3]


class ChangedRegions:
    """Forward passes of a folded network on copies of one picture, each with one changed rectangle.

    Args:
        net: from `fold`, not rotated.
        picture: (1, C, H, W), normalised, of the type of the network's weights.
        layers: whose outputs are returned; `fold` must keep them.

    """

    def __init__(self, net: Net, picture: Tensor, layers: Sequence[str]) -> None:
        self.net, self.layers = net, tuple(layers)
        self.path = net.path_to(layers)
        self.last_use = last_uses(self.path, self.layers)
        self.base: dict[str, Tensor] = {INPUT: picture.to(memory_format=torch.channels_last)}
        for node in self.path:
            unit = self.net.module_of(node.name)
            read = [self.base[name] for name in node.inputs]
            # One in place would change a volume that is read again. What is fused away has the same volume, not a copy.
            self.base[node.name] = unit(*(one.clone() for one in read) if isinstance(unit, InPlaceReLU) else read)

    def __call__(self, changed: Tensor, starts: Starts) -> dict[str, Tensor]:
        """Outputs (n, C, H, W) of the layers, for the rectangles `changed` (n, C, h, w) that begin at `starts`."""
        volumes = {INPUT: Rectangles(changed.to(memory_format=torch.channels_last), starts)}
        for node in self.path:
            volumes[node.name] = self._output(node, [volumes[name] for name in node.inputs])
            for name in node.inputs:
                if self.last_use.get(name) == node.name:
                    volumes.pop(name, None)
        return {name: self._filled(name, volumes[name], None).values for name in self.layers}

    def _output(self, node: Node, inputs: list[Rectangles]) -> Rectangles:
        unit: Any = self.net.module_of(node.name)
        _, height, width = node.output
        if node.layer.reach == "point" and node.layer.window is None:
            starts, sides = _union(inputs, node.input_volumes[0])
            same = [self._filled(name, one, (starts, sides)) for name, one in zip(node.inputs, inputs, strict=True)]
            return Rectangles(unit(*(one.values for one in same)), starts)
        operation = without_padding(node, unit)
        if operation is not None:
            axes = axes_of(node)
            found = [_reached(axis, first, size, count) for axis, first, size, count in zip(
                axes, inputs[0].starts, inputs[0].sides, (height, width), strict=True)]
            starts, (rows, columns) = (found[0][0], found[1][0]), (found[0][1], found[1][1])
            if rows * columns <= WHOLE * height * width:
                return Rectangles(operation(self._read(node, inputs[0], axes, starts, (rows, columns))), starts)
        return Rectangles.whole(unit(*(
            self._filled(name, one, None).values for name, one in zip(node.inputs, inputs, strict=True))))

    def _filled(self, name: str, inner: Rectangles, place: tuple[Starts, tuple[int, int]] | None) -> Rectangles:
        """The rectangles at `place`, or of the whole volume, with `inner` in them and the picture's own around it."""
        base = self.base[name]
        starts, sides = place or (Rectangles.whole(inner.values).starts, (base.shape[2], base.shape[3]))
        return inner if sides == inner.sides else Rectangles(_gathered(base, inner, starts, sides), starts)

    def _read(self, node: Node, inner: Rectangles, axes: tuple[Axis, Axis], starts: Starts,
              sides: tuple[int, int]) -> Tensor:
        """What the windows of the outputs at `starts` read: (n, C, h, w), padding included."""
        rounding = node.layer.window.rounding  # type: ignore[union-attr]
        pads = [(axis.pads[0], max(0, axis.overhang(rounding))) for axis in axes]
        value = -torch.inf if getattr(node.layer, "mode", "") == "max" else 0.0
        down, across = (start * axis.stride for start, axis in zip(starts, axes, strict=True))
        height, width = ((side - 1) * axis.stride + axis.span for side, axis in zip(sides, axes, strict=True))
        return _gathered(self.base[node.inputs[0]], inner, (down, across), (height, width), (pads[0], pads[1]), value)


def _union(inputs: Sequence[Rectangles], volume: Volume) -> tuple[Starts, tuple[int, int]]:
    """The smallest rectangles of one size that hold those of all inputs."""
    firsts, sides = [], []
    for axis, size in enumerate((volume.height, volume.width)):
        first = np.min([one.starts[axis] for one in inputs], axis=0)
        last = np.max([one.starts[axis] + one.sides[axis] for one in inputs], axis=0)
        side = int((last - first).max())
        firsts.append(np.minimum(first, size - side))
        sides.append(side)
    return (firsts[0], firsts[1]), (sides[0], sides[1])


def _reached(axis: Axis, first: NDArray[np.int64], size: int, count: int) -> tuple[NDArray[np.int64], int]:
    """First output, and how many, whose windows reach `size` pixels from `first` on: one number for the batch."""
    begin = first + axis.pads[0]
    least = np.clip(-(-(begin - axis.span + 1) // axis.stride), 0, count - 1)
    most = np.clip((begin + size - 1) // axis.stride, 0, count - 1)
    side = int((most - least).max()) + 1
    return np.minimum(least, count - side), max(side, 1)


def _gathered(base: Tensor, inner: Rectangles, starts: Starts, sides: tuple[int, int],
              pads: tuple[Pair, Pair] = ((0, 0), (0, 0)), value: float = 0.0) -> Tensor:
    """Rectangles (n, C, *sides) of the volume `base` (1, C, H, W) with `inner` in it, padded by `value`.

    `starts` counts the padding, ((top, bottom), (left, right)); `inner.starts` does not.
    """
    count, channels, height, width = len(inner.values), *base.shape[1:]
    (top, bottom), (left, right) = pads
    lines, across = top + height + bottom, left + width + right
    # Pixels as rows: those of the padded volume, and behind them those of the rectangles.
    pixels = base.new_empty(lines * across + count * inner.sides[0] * inner.sides[1], channels)
    outer = pixels[: lines * across].view(lines, across, channels)
    outer[top : top + height, left : left + width] = base[0].permute(1, 2, 0)
    for border in (outer[:top], outer[top + height :], outer[:, :left], outer[:, left + width :]):
        border.fill_(value)
    pixels[lines * across :].view(count, *inner.sides, channels)[:] = inner.values.permute(0, 2, 3, 1)
    places = [start[:, None] + np.arange(side) for start, side in zip(starts, sides, strict=True)]
    within = [place - first[:, None] - before
              for place, first, before in zip(places, inner.starts, (top, left), strict=True)]
    inside = [(place >= 0) & (place < side) for place, side in zip(within, inner.sides, strict=True)]
    lines_before = np.arange(count)[:, None] * inner.sides[0] + within[0]
    own = lines * across + lines_before[:, :, None] * inner.sides[1] + within[1][:, None]
    theirs = places[0][:, :, None] * across + places[1][:, None]
    index = np.where(inside[0][:, :, None] & inside[1][:, None], own, theirs)
    picked = pixels.index_select(0, torch.from_numpy(index.ravel()).to(base.device))
    return picked.view(count, *sides, channels).permute(0, 3, 1, 2)


def without_padding(node: Node, unit: Any) -> Callable[[Tensor], Tensor] | None:
    """The operation of a layer with windows on what they read, padding included; None where it needs more."""
    if isinstance(unit, FusedConvReLU):
        return partial(unit, padded=True)
    if node.layer.kind == "pool":
        layer: Any = node.layer
        if layer.mode == "max":
            return lambda x: F.max_pool2d(x, layer.window.kernel, layer.window.stride)
        axes = axes_of(node)
        if all(axis.pads == (0, 0) and axis.overhang(layer.rounding) <= 0 for axis in axes):
            return lambda x: F.avg_pool2d(x, layer.window.kernel, layer.window.stride)
    return None


def axes_of(node: Node) -> tuple[Axis, Axis]:
    """The window of a layer that has one, along both axes of its input."""
    volume, window = node.input_volumes[0], node.layer.window
    assert window is not None
    return window.axes(volume.height, volume.width)
