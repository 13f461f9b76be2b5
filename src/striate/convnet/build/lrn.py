"""Local response normalisation across channels (Krizhevsky et al. 2012, section 3.3), in few passes over memory.

Torch's pads, squares and averages through a three-dimensional pooling, which takes half of an AlexNet's time. Channels
last, the sum over a window of channels is a product with a banded matrix.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class CrossChannelLRN(torch.autograd.Function):
    """y = x · s^−β with s = k + α/size · Σ x² over `size` channels around each; (N, C, H, W) in and out.

    >>> x = torch.ones(1, 3, 1, 1)
    >>> CrossChannelLRN.apply(x, 3, 3.0, 1.0, 1.0).flatten().tolist()  # 1/(1 + 2), 1/(1 + 3), 1/(1 + 2)
    [0.3333333432674408, 0.25, 0.3333333432674408]
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
        """The normalised `x`, in its own number format; the sums are taken in float32 or wider."""
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        scale = windows(wide * wide, size).mul_(alpha / size).add_(k)
        ctx.save_for_backward(x, scale)
        ctx.size, ctx.alpha, ctx.beta = size, alpha, beta
        return (wide * power(scale, beta)).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient g · s^−β − 2αβ/size · x · Σ g·x·s^(−β−1), the sum over the windows that the pixel is in."""
        x, scale = ctx.saved_tensors
        gradient = gradients[0].to(scale.dtype)
        root = power(scale, ctx.beta)
        direct = gradient * root
        around = windows((direct * x).div_(scale), ctx.size, turned=True)
        return direct.sub_(around.mul_(x).mul_(2 * ctx.alpha * ctx.beta / ctx.size)).to(x.dtype), None, None, None, None


def windows(values: Tensor, size: int, turned: bool = False) -> Tensor:
    """The sum over `size` channels around each, (N, C, H, W), or over the channels whose windows hold it (`turned`).

    A window of even size reaches one channel further back than on.
    """
    channels = torch.arange(values.shape[1], device=values.device)
    distance = channels[:, None] - channels[None, :]  # of the channel that is read from that which is written
    inside = (distance >= -(size // 2)) & (distance <= (size - 1) // 2)
    band = (inside.T if turned else inside).to(values.dtype)
    with torch.autocast(values.device.type, enabled=False):  # sums of squares are too fine for its bfloat16
        return (values.permute(0, 2, 3, 1) @ band).permute(0, 3, 1, 2)


def power(scale: Tensor, beta: float) -> Tensor:
    """`scale` to the power −`beta`; 0.75, which everybody uses, without a logarithm."""
    return torch.rsqrt(scale * scale.sqrt()) if beta == 0.75 else scale ** -beta
