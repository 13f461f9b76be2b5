"""3×3 convolution over planes of at most 3×3 pixels, for training in bfloat16: as matrix products.

oneDNN's direct convolution wants long rows; the last layers of a network for small pictures have none. There the
windows of all pixels are copied side by side, (n·H·W, 9·C), which is small, and the layer and both of its gradients are
one product each (Chellapilla et al., *High Performance Convolutional Neural Networks for Document Processing*, 2006,
section 3). 512 channels, batches of 128, one core, forward and backward: 3×3 pixels 1.8 times as fast, 2×2 2.5 times,
1×1 6.8 times; from 4×4 on it depends on the width. In float32 the convolution is quicker, 1.6 times with 3×3 pixels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from striate.arch.axis import Pair

SIDE = 3  # pixels of a plane's side at most, and of a window's


class SmallPlaneConv(torch.autograd.Function):
    """Convolution of x (N, C, H, W) with weight (K, C, 3, 3), stride 1 and padding 1, and bias (K,) or None.

    The three are of one float type; the result is (N, K, H, W), channels last.

    >>> x, weight = torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3)
    >>> SmallPlaneConv.apply(x, weight, None).flatten().tolist()  # each window holds all four pixels
    [4.0, 4.0, 4.0, 4.0]
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """One product of the windows and the weights."""
        ctx.save_for_backward(x, weight)
        ctx.biased = bias is not None
        rows = torch.nn.functional.linear(windows(x), weight.permute(0, 2, 3, 1).flatten(1), bias)
        return as_planes(rows, x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, weight and bias; that of x is the convolution of the gradient with the turned weight."""
        x, weight = ctx.saved_tensors
        dy = gradients[0]
        rows = dy.permute(0, 2, 3, 1).flatten(0, 2)
        dx = dw = None
        if ctx.needs_input_grad[0]:
            turned = weight.permute(2, 3, 0, 1).flip(0, 1).flatten(0, 2)
            dx = as_planes(windows(dy) @ turned, x)
        if ctx.needs_input_grad[1]:
            dw = (rows.T @ windows(x)).view(len(weight), SIDE, SIDE, -1).permute(0, 3, 1, 2)
        return dx, dw, rows.sum(0) if ctx.biased else None


def is_small(x: Tensor, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> bool:
    """Whether a convolution of `x` is of the kind above, and `x` is in bfloat16 and on a processor."""
    return (x.dtype == torch.bfloat16 and x.device.type == "cpu" and max(x.shape[2:]) <= SIDE
            and kernel == (SIDE, SIDE) and groups == 1 and stride == padding == dilation == (1, 1))


def small_plane_conv(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`SmallPlaneConv` in the number format of `x`, whatever that of the others is, as under autocast."""
    result: Tensor = SmallPlaneConv.apply(  # type: ignore[no-untyped-call]
        x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype))
    return result


def windows(x: Tensor) -> Tensor:
    """The window around each pixel of x (N, C, H, W), with zeros around the plane: (N·H·W, 9·C), channels innermost."""
    padded = torch.nn.functional.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
    found = padded.unfold(1, SIDE, 1).unfold(2, SIDE, 1)  # (N, H, W, C, 3, 3), a view
    return found.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)


def as_planes(rows: Tensor, like: Tensor) -> Tensor:
    """Rows (N·H·W, K) as (N, K, H, W) with the planes of `like`, channels last; a view."""
    count, _, height, width = like.shape
    return rows.view(count, height, width, rows.shape[1]).permute(0, 3, 1, 2)
