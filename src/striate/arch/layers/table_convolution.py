"""Table convolution: each filter sees only some of the input maps, listed in a connection table.

LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition", 1998, section II.B, Table I.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.arch.initializer import MSRA, ZERO, Fill, TensorSpec
from striate.arch.layer_params import Kernel, Maps, Padding, Stride, Switch, as_pair, as_sides
from striate.arch.layers.convolution import Rounding
from striate.arch.layers.layer import Family, Reach, Shape, Volumes, phrase
from striate.arch.layers.weighted_layer import WeightedLayer
from striate.arch.volume import Volume
from striate.arch.window import Window
from striate.errors import NetworkError


@dataclass(frozen=True)
class TableConv(WeightedLayer):
    """A convolution with one filter per row of `table`; a row lists the input maps its filter sees, counted from 0.

    Tensors: weight (connections, kernel height, kernel width), one kernel per entry of the table, row after row;
    bias (filters,).

    >>> from striate.arch import Input
    >>> layer = TableConv(((0, 1), (1, 2), (0, 1, 2)), 5)
    >>> sum(tensor.size for tensor in layer.tensors((Input(3, 14, 14),)).values())  # 178 = 7·5·5 + 3
    178
    """

    kind: ClassVar[str] = "table_conv"
    reach: ClassVar[Reach] = "window"
    family: ClassVar[Family] = "conv"

    table: Maps
    kernel_size: Kernel
    stride: Stride = 1
    padding: Padding = 0
    bias: Switch = True
    rounding: Rounding = "floor"
    weight_filler: Fill = MSRA
    bias_filler: Fill = ZERO

    @property
    def window(self) -> Window:
        """The filter's window."""
        padding = self.padding if isinstance(self.padding, str) else as_sides(self.padding)
        return Window(as_pair(self.kernel_size), as_pair(self.stride), padding, rounding=self.rounding)

    @property
    def connections(self) -> tuple[tuple[int, int], ...]:
        """(filter, input map) of each kernel in `weight`.

        >>> TableConv(((0, 1), (1,)), 5).connections
        ((0, 0), (0, 1), (1, 1))
        """
        return tuple((filter_, map_) for filter_, row in enumerate(self.table) for map_ in row)

    def shape(self, inputs: Volumes) -> Shape:
        """One channel per row of the table."""
        (volume,) = inputs
        highest = max(max(row) for row in self.table)
        if highest >= volume.channels:
            raise NetworkError("bad_table", f"{self.label}: input map {highest} was asked for",
                               allowed=f"0 to {volume.channels - 1} is allowed", given=f"{phrase(inputs)} was given",
                               do="Change table")
        return len(self.table), *self.window.output(volume.height, volume.width, self.label)

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:
        """Weight and bias; the fans are those of an average unit."""
        kernel, count = as_pair(self.kernel_size), len(self.connections)
        fan = count * kernel[0] * kernel[1]
        tensors = {"weight": TensorSpec((count, *kernel), "weight", self.weight_filler, max(1, fan // len(self.table)),
                                    max(1, fan // inputs[0].channels))}
        bias = {"bias": TensorSpec((len(self.table),), "bias", self.bias_filler)} if self.bias else {}
        return self.multiplied(tensors | bias)

    def macs(self, inputs: Volumes, output: Volume) -> int:
        """One per weight and position."""
        return self.tensors(inputs)["weight"].size * output.height * output.width

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One addition per output for the bias."""
        return output.size if self.bias else 0
