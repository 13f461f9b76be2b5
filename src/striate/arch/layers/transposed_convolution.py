"""Transposed convolution layers: each input pixel adds its filters to the output, `stride` pixels apart.

Long, Shelhamer & Darrell, "Fully convolutional networks for semantic segmentation", 2015, section 3.3; Dumoulin &
Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4. Caffe and Keras call it deconvolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.arch.initializer import MSRA, ZERO, Fill, TensorSpec
from striate.arch.layer_params import Count, Kernel, Stride, Switch, Zeros, as_pads, as_pair
from striate.arch.layers.layer import Family, Reach, Shape, Volumes, phrase
from striate.arch.layers.weighted_layer import WeightedLayer
from striate.arch.transposed_window import TransposedWindow
from striate.arch.volume import Volume
from striate.errors import NetworkError, WindowError


@dataclass(frozen=True)
class Deconv(WeightedLayer):
    """A transposed convolution; a side becomes stride·(side − 1) + dilation·(kernel − 1) + 1, less the padding.

    Tensors: weight (channels, filters/groups, kernel height, kernel width), bias (filters,).

    >>> from striate.arch import Input
    >>> str(Deconv(21, 4, stride=2, padding=1)(Input(21, 16, 16)))  # 2·(16 − 1) + 3 + 1 − 2·1 = 32
    '21×32×32'
    """

    kind: ClassVar[str] = "deconv"
    reach: ClassVar[Reach] = "spread"
    family: ClassVar[Family] = "conv"

    filters: Count
    kernel_size: Kernel
    stride: Stride = 1
    padding: Zeros = 0
    dilation: Stride = 1
    groups: Count = 1
    bias: Switch = True
    weight_filler: Fill = MSRA
    bias_filler: Fill = ZERO

    @property
    def spread(self) -> tuple[TransposedWindow, TransposedWindow]:
        """The transposed windows, down and across."""
        columns = zip(as_pair(self.kernel_size), as_pair(self.stride), as_pads(self.padding), as_pair(self.dilation),
                      strict=True)
        down, across = (TransposedWindow(*column) for column in columns)
        return down, across

    def shape(self, inputs: Volumes) -> Shape:
        """One channel per filter."""
        (volume,) = inputs
        if volume.channels % self.groups or self.filters % self.groups:
            raise NetworkError("bad_groups", f"{self.label}: {self.groups} groups were asked for",
                               allowed="a number that divides channels and filters is allowed",
                               given=f"{phrase(inputs)} and {self.filters} filters were given",
                               do="Change groups or filters")
        down, across = self.spread
        if min(down.count(volume.height), across.count(volume.width)) < 1:
            raise WindowError("nothing_left", f"{self.label}: padding {self.padding} was asked for",
                              allowed="an output of at least one pixel is allowed",
                              given=f"{down.arithmetic(volume.height)} by {across.arithmetic(volume.width)} was given",
                              do="Use less padding")
        return self.filters, down.count(volume.height), across.count(volume.width)

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:
        """Weight and bias; the fans are those of the convolution it transposes."""
        kernel, channels = as_pair(self.kernel_size), inputs[0].channels
        shape = (channels, self.filters // self.groups, *kernel)
        area = kernel[0] * kernel[1]
        tensors = {"weight": TensorSpec(shape, "weight", self.weight_filler, area * shape[1], area * channels)}
        bias = {"bias": TensorSpec((self.filters,), "bias", self.bias_filler)} if self.bias else {}
        return self.multiplied(tensors | bias)

    def macs(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One per weight and input position, including those in the padding."""
        return self.tensors(inputs)["weight"].size * inputs[0].height * inputs[0].width

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One addition per output for the bias."""
        return output.size if self.bias else 0
