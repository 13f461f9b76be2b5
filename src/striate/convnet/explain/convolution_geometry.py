"""Geometry of one unit of a convolution on the values it reads, and the part of its output that fits into n bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.arch.axis import Pair
from striate.arch.network import Node
from striate.convnet.explain.dot_product import DotProduct

Part = tuple[Pair, Pair]  # (first, last) row and column of the output


@dataclass(frozen=True, eq=False)
class ConvolutionGeometry:
    """Geometry of one unit of a convolution; every pair is of rows and columns.

    Attributes:
        output: size of the output; stride, dilation and kernel; `padding` before the first row and column.
        values: (H, W, C) of the layer that is read, uint8 or float32; `channels`: those that the unit reads, int64.

    """

    output: Pair
    stride: Pair
    dilation: Pair
    kernel: Pair
    padding: Pair
    values: NDArray[Any]
    channels: NDArray[np.int64]

    @classmethod
    def of(cls, node: Node, start: DotProduct, values: NDArray[Any]) -> ConvolutionGeometry:
        """The geometry of the convolution `node`, whose window at one position is that of `start`."""
        window = node.layer.window
        assert window is not None  # a convolution has one
        (_, row, column), (down, across) = start.summed_place, window.stride
        top, left = row * down - int(start.row.flat[0]), column * across - int(start.column.flat[0])
        return cls((node.output.height, node.output.width), window.stride, window.dilation, window.kernel, (top, left),
                   values, start.channel[:, 0, 0])

    def read(self, part: Part) -> Part:
        """First row and column of the values that a part of the output reads, and one beyond the last."""
        spans = []
        for axis, (first, last) in enumerate(part):
            before, size = self.padding[axis], self.values.shape[axis]
            begin = first * self.stride[axis] - before
            end = last * self.stride[axis] - before + self.dilation[axis] * (self.kernel[axis] - 1) + 1
            spans.append((min(max(begin, 0), size), min(max(end, 0), size)))
        return spans[0], spans[1]

    def part(self, centre: Pair, most: int) -> Part | None:
        """The largest part of the output around `centre` whose values take at most `most` bytes; None if none does."""
        sides = list(self.output)
        while True:
            firsts = [min(max(at - side // 2, 0), whole - side)
                      for at, side, whole in zip(centre, sides, self.output, strict=True)]
            part = (firsts[0], firsts[0] + sides[0] - 1), (firsts[1], firsts[1] + sides[1] - 1)
            (top, bottom), (left, right) = self.read(part)
            if (bottom - top) * (right - left) * len(self.channels) * self.values.itemsize <= most:
                return part
            if sides == [1, 1]:
                return None
            longer = int(sides[1] > sides[0])
            sides[longer] = max(1, sides[longer] - max(1, sides[longer] // 16))
