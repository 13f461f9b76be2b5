"""Dense (fully connected) layers, and layers that flatten and reshape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from striate.arch.initializer import MSRA, ZERO, Fill, TensorSpec
from striate.arch.layer_params import Count, Switch, Target
from striate.arch.layers.layer import Family, Layer, Reach, Shape, Volumes, phrase
from striate.arch.layers.weighted_layer import WeightedLayer
from striate.arch.volume import Volume
from striate.errors import NetworkError


@dataclass(frozen=True)
class Dense(WeightedLayer):
    """Dense layer: each unit is a weighted sum of all inputs, flattened channel by channel, row by row.

    Tensors: weight (units, channels·height·width), bias (units,).

    >>> from striate.arch import Input
    >>> sum(tensor.size for tensor in Dense(10).tensors((Input(84, 1, 1),)).values())  # 850 = (84 + 1)·10
    850
    """

    kind: ClassVar[str] = "dense"
    reach: ClassVar[Reach] = "all"
    family: ClassVar[Family] = "dense"
    short: ClassVar[str] = "{units:,} units"

    units: Count
    bias: Switch = True
    weight_filler: Fill = MSRA
    bias_filler: Fill = ZERO

    def shape(self, inputs: Volumes) -> Shape:  # noqa: ARG002 - any input will do
        """units×1×1."""
        return self.units, 1, 1

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:
        """Weight and bias."""
        size = inputs[0].size
        tensors = {"weight": TensorSpec((self.units, size), "weight", self.weight_filler, size, self.units)}
        bias = {"bias": TensorSpec((self.units,), "bias", self.bias_filler)} if self.bias else {}
        return self.multiplied(tensors | bias)

    def macs(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One per weight."""
        return inputs[0].size * self.units

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One addition per unit for the bias."""
        return output.size if self.bias else 0


@dataclass(frozen=True)
class Flatten(Layer):
    """Flattening: the same values as one column of channels, channel by channel, row by row.

    >>> from striate.arch import Input
    >>> str(Flatten()(Input(16, 5, 5)))
    '400×1×1'
    """

    kind: ClassVar[str] = "flatten"
    reach: ClassVar[Reach] = "all"
    operations: ClassVar[int] = 0

    def shape(self, inputs: Volumes) -> Shape:
        """C·H·W×1×1."""
        return inputs[0].size, 1, 1


@dataclass(frozen=True)
class Reshape(Layer):
    """Reshaping: the same values in another volume, read channel by channel, row by row.

    `to` is (channels, height, width): 0 keeps the input's side, one −1 is inferred.

    >>> from striate.arch import Input
    >>> str(Reshape((1, 28, 28))(Input(784, 1, 1))), str(Reshape((0, -1, 1))(Input(16, 5, 5)))
    ('1×28×28', '16×25×1')
    """

    kind: ClassVar[str] = "reshape"
    reach: ClassVar[Reach] = "all"
    operations: ClassVar[int] = 0

    to: Target

    def shape(self, inputs: Volumes) -> Shape:
        """The requested sides."""
        (volume,) = inputs
        sides = [now if side == 0 else side for side, now in zip(self.to, volume, strict=True)]
        rest = math.prod(side for side in sides if side > 0)
        channels, height, width = (volume.size // rest if side < 0 else side for side in sides)
        if channels * height * width != volume.size:
            raise NetworkError("bad_reshape", f"{self.label}: {list(self.to)} was asked for",
                               allowed=f"a shape of {volume.size:,} values is allowed",
                               given=f"{phrase(inputs)} was given", do="Change the shape, or write −1 for one side")
        return channels, height, width
