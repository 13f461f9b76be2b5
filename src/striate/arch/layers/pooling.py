"""Pooling layers: the maximum or the mean of each window of each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from striate.arch.axis import ROUNDINGS
from striate.arch.layer_params import Kernel, Padding, Stride, Switch, as_pads, as_pair, as_sides
from striate.arch.layers.layer import Family, Layer, Reach, Shape, Volumes
from striate.arch.volume import Volume
from striate.arch.window import Window
from striate.core.constraints import OneOf
from striate.errors import NetworkError

Mode = Annotated[str, OneOf("max", "average")]


@dataclass(frozen=True)
class Pool(Layer):
    """Pooling by a window; `stride` None is the window's size, so windows do not overlap.

    Padding never wins a maximum. In an average it counts as zeros (Caffe, and PyTorch's `count_include_pad=True`), but
    what a `ceil` window hangs over the padded input does not count; with `count_padding` false only pixels of the
    input do (TensorFlow). Padding is less than the window, so that every window has a pixel to look at.

    >>> from striate.arch import Input
    >>> [str(Pool(3, 2, rounding=rounding)(Input(96, 56, 56))) for rounding in ("floor", "ceil")]
    ['96×27×27', '96×28×28']
    """

    kind: ClassVar[str] = "pool"
    reach: ClassVar[Reach] = "window"
    family: ClassVar[Family] = "pool"

    kernel_size: Kernel
    stride: Stride | None = None
    padding: Padding = 0
    mode: Mode = "max"
    rounding: Annotated[str, OneOf(*ROUNDINGS)] = "floor"
    count_padding: Switch = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride == self.kernel_size:
            object.__setattr__(self, "stride", None)  # so that equal pools are equal
        if isinstance(self.padding, str):
            return
        kernel, padding = as_pair(self.kernel_size), as_pads(self.padding)
        if any(max(pads) >= side for pads, side in zip(padding, kernel, strict=True)):
            raise NetworkError("pool_padding", f"{self.label}: padding {self.padding} was asked for",
                               allowed="less than the window is allowed", do="Use less padding or a larger window",
                               given=f"a {kernel[0]}×{kernel[1]} window was given")

    @property
    def window(self) -> Window:
        """The pooling window."""
        kernel = as_pair(self.kernel_size)
        stride = kernel if self.stride is None else as_pair(self.stride)
        padding = self.padding if isinstance(self.padding, str) else as_sides(self.padding)
        return Window(kernel, stride, padding, rounding=self.rounding, noun="pooling window")

    def shape(self, inputs: Volumes) -> Shape:
        """As many channels as before."""
        (volume,) = inputs
        return volume.channels, *self.window.output(volume.height, volume.width, self.label)

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One per pixel of each window: comparisons, or additions and a division."""
        height, width = as_pair(self.kernel_size)
        return output.size * height * width


@dataclass(frozen=True)
class GlobalPool(Layer):
    """Global pooling: the mean, or the maximum, of each channel over all positions.

    >>> from striate.arch import Input
    >>> str(GlobalPool()(Input(512, 7, 7)))
    '512×1×1'
    """

    kind: ClassVar[str] = "global_pool"
    reach: ClassVar[Reach] = "all"
    family: ClassVar[Family] = "pool"

    mode: Mode = "average"

    def shape(self, inputs: Volumes) -> Shape:
        """C×1×1."""
        return inputs[0].channels, 1, 1

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """One per input value."""
        return inputs[0].size
