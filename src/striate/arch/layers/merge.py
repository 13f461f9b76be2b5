"""Merging branches: two volumes or more become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.arch.layers.layer import Layer, Shape, Volumes
from striate.arch.volume import Volume
from striate.errors import NetworkError


@dataclass(frozen=True)
class Add(Layer):
    """The sum, value by value, of volumes of one shape (He et al. 2016).

    >>> from striate.arch import Conv, Input
    >>> x = Input(3, 7, 7)
    >>> str(Add()(x, Conv(3, 3, padding=1)(x)))
    '3×7×7'
    """

    kind: ClassVar[str] = "add"
    merges: ClassVar[bool] = True

    def shape(self, inputs: Volumes) -> Shape:
        """As each input."""
        if len(set(inputs)) > 1:
            raise NetworkError("different_volumes", f"{self.label}: a sum was asked for",
                               allowed="volumes of one shape are allowed",
                               given=f"{' and '.join(map(str, inputs))} were given",
                               do="Change the branches so that they end alike")
        return inputs[0].shape

    def elementwise(self, inputs: Volumes, output: Volume) -> int:
        """One addition per value and further input."""
        return (len(inputs) - 1) * output.size


@dataclass(frozen=True)
class Concat(Layer):
    """The channels of all inputs one after another; height and width must agree.

    >>> from striate.arch import Input
    >>> str(Concat()(Input(2, 7, 7), Input(3, 7, 7)))
    '5×7×7'
    """

    kind: ClassVar[str] = "concat"
    merges: ClassVar[bool] = True

    def shape(self, inputs: Volumes) -> Shape:
        """The sum of the channels."""
        if len({(volume.height, volume.width) for volume in inputs}) > 1:
            raise NetworkError("different_sizes", f"{self.label}: joined channels were asked for",
                               allowed="volumes of one height and width are allowed",
                               given=f"{' and '.join(map(str, inputs))} were given",
                               do="Change the padding or stride of the branches so that they end alike")
        return sum(volume.channels for volume in inputs), inputs[0].height, inputs[0].width

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """Nothing is computed."""
        return 0
