"""Dense (fully connected) layers, and flattening by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.arch.filler import MSRA, ZERO, Fill, Tensor
from striate.arch.layers.layer import Layer, Reach, Shape, Volumes
from striate.arch.rules import Count, Switch
from striate.arch.volume import Volume


@dataclass(frozen=True)
class Dense(Layer):
    """Each unit is a weighted sum of every input value; the input is flattened first, channel by channel, row by row.

    Tensors: weight (units, channels·height·width), bias (units,).

    >>> from striate.arch import Input
    >>> sum(tensor.size for tensor in Dense(10).tensors((Input(84, 1, 1),)).values())  # 850 = (84 + 1)·10
    850
    """

    kind: ClassVar[str] = "dense"
    reach: ClassVar[Reach] = "all"

    units: Count
    bias: Switch = True
    weight_filler: Fill = MSRA
    bias_filler: Fill = ZERO

    def shape(self, inputs: Volumes) -> Shape:  # noqa: ARG002 - any input will do
        """units×1×1."""
        return self.units, 1, 1

    def tensors(self, inputs: Volumes) -> dict[str, Tensor]:
        """Weight and bias."""
        size = inputs[0].size
        tensors = {"weight": Tensor((self.units, size), "weight", self.weight_filler, size, self.units)}
        return tensors | ({"bias": Tensor((self.units,), "bias", self.bias_filler)} if self.bias else {})

    def macs(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One per weight."""
        return inputs[0].size * self.units

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One addition per unit for the bias."""
        return output.size if self.bias else 0


@dataclass(frozen=True)
class Flatten(Layer):
    """The same values as one column of channels, channel by channel, row by row.

    >>> from striate.arch import Input
    >>> str(Flatten()(Input(16, 5, 5)))
    '400×1×1'
    """

    kind: ClassVar[str] = "flatten"
    reach: ClassVar[Reach] = "all"

    def shape(self, inputs: Volumes) -> Shape:
        """C·H·W×1×1."""
        return inputs[0].size, 1, 1

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """Nothing is computed."""
        return 0
