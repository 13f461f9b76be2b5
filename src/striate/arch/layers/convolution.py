"""Convolution layers: filters of weights slid over the input, one output channel per filter.

As everywhere in the field the filter is not mirrored, so strictly it is a cross-correlation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from striate.arch.initializer import MSRA, ZERO, Fill, TensorSpec
from striate.arch.layer_params import Count, Kernel, Padding, Stride, Switch, as_pair, as_sides
from striate.arch.layers.layer import Family, Reach, Shape, Volumes, phrase
from striate.arch.layers.weighted_layer import WeightedLayer
from striate.arch.volume import Volume
from striate.arch.window import Window
from striate.core.constraints import OneOf
from striate.errors import NetworkError

Rounding = Annotated[str, OneOf("floor", "exact")]


@dataclass(frozen=True)
class Conv(WeightedLayer):
    """A convolution of `filters` filters, each over channels/groups input channels.

    `kernel_size`, `stride`, `padding` and `dilation` are pixels, one number or (height, width); padding may also be
    ((top, bottom), (left, right)) or `same`.
    Tensors: weight (filters, channels/groups, kernel height, kernel width), bias (filters,).

    >>> from striate.arch import Conv, Input
    >>> sum(tensor.size for tensor in Conv(10, 5).tensors((Input(3, 32, 32),)).values())  # 760 = (5·5·3 + 1)·10
    760
    """

    kind: ClassVar[str] = "conv"
    reach: ClassVar[Reach] = "window"
    family: ClassVar[Family] = "conv"

    filters: Count
    kernel_size: Kernel
    stride: Stride = 1
    padding: Padding = 0
    dilation: Stride = 1
    groups: Count = 1
    bias: Switch = True
    rounding: Rounding = "floor"
    weight_filler: Fill = MSRA
    bias_filler: Fill = ZERO

    @property
    def window(self) -> Window:
        """The filter's window."""
        padding = self.padding if isinstance(self.padding, str) else as_sides(self.padding)
        return Window(as_pair(self.kernel_size), as_pair(self.stride), padding, as_pair(self.dilation), self.rounding)

    def shape(self, inputs: Volumes) -> Shape:
        """One channel per filter."""
        (volume,) = inputs
        if volume.channels % self.groups or self.filters % self.groups:
            raise NetworkError("bad_groups", f"{self.label}: {self.groups} groups were asked for",
                               allowed="a number that divides channels and filters is allowed",
                               given=f"{phrase(inputs)} and {self.filters} filters were given",
                               do="Change groups or filters")
        return self.filters, *self.window.output(volume.height, volume.width, self.label)

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:
        """Weight and bias."""
        kernel = as_pair(self.kernel_size)
        shape = (self.filters, inputs[0].channels // self.groups, *kernel)
        area = kernel[0] * kernel[1]
        tensors = {"weight": TensorSpec(shape, "weight", self.weight_filler, area * shape[1], area * self.filters)}
        bias = {"bias": TensorSpec((self.filters,), "bias", self.bias_filler)} if self.bias else {}
        return self.multiplied(tensors | bias)

    def macs(self, inputs: Volumes, output: Volume) -> int:
        """One per weight and position."""
        return self.tensors(inputs)["weight"].size * output.height * output.width

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One addition per output for the bias."""
        return output.size if self.bias else 0
