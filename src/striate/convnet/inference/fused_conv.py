"""Fused convolution and ReLU, for inference.

On a processor oneDNN does both in one pass, with weights packed for it once: the operation that torch's own compiler
uses, which torch keeps under a private name. Where it is not there, or on a GPU, they are done one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Volume
from striate.convnet.build.net import NodeModule
from striate.convnet.build.operations import dense_filters

AVAILABLE = torch.backends.mkldnn.is_available() and hasattr(  # type: ignore[no-untyped-call]
    torch.ops.mkldnn, "_convolution_pointwise")
DTYPES = {torch.float32}
if AVAILABLE and torch.ops.mkldnn._is_mkldnn_bf16_supported():
    DTYPES.add(torch.bfloat16)
EXPECTED = 32  # pictures that weights are packed for; more or fewer are as right


class FusedConvReLU(nn.Module):
    """Fused convolution and ReLU of `unit`, for volumes like `before`; `turned`: for volumes rotated by 180°."""

    weight: Tensor
    bias: Tensor

    def __init__(self, unit: NodeModule, before: Volume, turned: bool) -> None:
        super().__init__()
        layer: Any = unit.layer
        tensors = {name: tensor.detach() for name, tensor in unit.tensors.items()}
        weight, bias = tensors["weight"], tensors.get("bias")
        if layer.kind == "table_conv":
            weight = dense_filters(layer, weight, before.channels)
        self.register_buffer("weight", weight.flip((2, 3)) if turned else weight)  # shared, not copied
        self.register_buffer("bias", weight.new_zeros(len(weight)) if bias is None else bias)
        axes = layer.window.axes(before.height, before.width)
        pads = [(axis.overhang("floor"),) * 2 if turned else axis.pads for axis in axes]
        (top, bottom), (left, right) = pads
        even = all(first == last for first, last in pads)
        self.sides = None if even else (left, right, top, bottom)
        self.settings = (layer.window.stride, (top, left) if even else (0, 0), layer.window.dilation,
                         getattr(layer, "groups", 1))
        self.has_relu = False
        self.limit: float | None = None
        self._packed: tuple[Tensor, Tensor] | None = None

    def append_relu(self, limit: float | None) -> None:
        """Fuse a ReLU, with this limit or none, behind the convolution."""
        self.has_relu, self.limit = True, limit

    def forward(self, x: Tensor, padded: bool = False) -> Tensor:
        """(N, C, H, W) in, (N, filters, H', W') out; `padded`: the padding is part of `x`."""
        stride, padding, dilation, groups = self.settings
        if padded:
            padding = (0, 0)
        elif self.sides:
            x = F.pad(x, self.sides)
        if AVAILABLE and x.device.type == "cpu" and x.dtype in DTYPES:
            name = ("none" if not self.has_relu else "relu" if self.limit is None else "hardtanh")
            ends = [0.0, self.limit] if name == "hardtanh" else []
            fused: Tensor = torch.ops.mkldnn._convolution_pointwise(
                x, self._packed_for(x), self.bias, padding, stride, dilation, groups, name, ends, "")
            return fused
        x = F.conv2d(x, self.weight, self.bias, stride, padding, dilation, groups)
        if not self.has_relu:
            return x
        return x.relu_() if self.limit is None else x.clamp_(0, self.limit)

    def absorb(self, mean: Sequence[float], std: Sequence[float], dtype: torch.dtype) -> tuple[int, int, int, int]:
        """Make it read pictures that are not normalised; the padding is its caller's: left, right, top, bottom.

        The bias belongs to the weights as `dtype` rounds them, so that a constant picture loses nothing by it.
        """
        weight = self.weight.double() / torch.tensor(std, dtype=torch.float64)[:, None, None]
        self.weight = weight.to(dtype).float()
        shift = (self.weight.double().sum((2, 3)) * torch.tensor(mean, dtype=torch.float64)).sum(1)
        self.bias = (self.bias.double() - shift).float()
        stride, (top, left), dilation, groups = self.settings
        sides = self.sides or (left, left, top, top)
        self.sides, self.settings = None, (stride, (0, 0), dilation, groups)
        return sides

    def kernel(self, before: Volume, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
        """The operation on volumes (N, C, H, W) of `dtype` on a processor, like `before`, padding in them or not."""
        stride, padding, dilation, groups = self.settings
        sides, limit = self.sides, self.limit
        if not (AVAILABLE and dtype in DTYPES):
            return self.to(dtype)
        packed, bias = self._packed_as(dtype, tuple(before)), self.bias.float()
        fused: Any = torch.ops.mkldnn._convolution_pointwise.default
        name = "none" if not self.has_relu else "relu" if limit is None else "hardtanh"
        ends = [0.0, limit] if name == "hardtanh" else []
        if sides:
            return lambda x: fused(F.pad(x, sides), packed, bias, padding, stride, dilation, groups, name, ends, "")
        return lambda x: fused(x, packed, bias, padding, stride, dilation, groups, name, ends, "")

    def adding_kernel(self, before: Volume, dtype: torch.dtype, relu: bool) -> Callable[[Tensor, Tensor], Tensor]:
        """The same without its ReLU, with a second volume added to it, which is written over; `relu` behind the sum."""
        stride, padding, dilation, groups = self.settings
        packed, bias, sides = self._packed_as(dtype, tuple(before)), self.bias.to(dtype), self.sides
        fused: Any = torch.ops.mkldnn._convolution_pointwise_.binary
        name = "relu" if relu else None

        def add(x: Tensor, other: Tensor) -> Tensor:
            x = F.pad(x, sides) if sides else x
            y: Tensor = fused(other, x, packed, bias, padding, stride, dilation, groups, "add", 1.0, name, [], "")
            return y

        return add

    def _packed_as(self, dtype: torch.dtype, volume: tuple[int, ...]) -> Tensor:
        stride, padding, dilation, groups = self.settings
        return packed_filters(self.weight, dtype, (padding, stride, dilation, groups), volume)

    def _packed_for(self, x: Tensor) -> Tensor:
        packed = self._packed  # read once: threads that pack at the same time pack the same
        if packed is None or packed[0] is not self.weight:  # new after `.to`
            packed = self.weight, self._packed_as(self.weight.dtype, tuple(x.shape[1:]))
            self._packed = packed
        return packed[1]


def packed_filters(weight: Tensor, dtype: torch.dtype, settings: tuple[Any, ...], volume: tuple[int, ...]) -> Tensor:
    """Filters packed for a convolution of volumes (C, H, W); `settings`: padding, stride, dilation and groups."""
    pack: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
    packed: Tensor = pack(weight.float().contiguous().to_mkldnn(dtype), *settings, [EXPECTED, *volume])
    return packed
