"""Local response normalisation across channels, for inference: sums over windows of channels in few passes.

Channels last, the squares of neighbouring channels are neighbours in memory; with zeros between the pixels, adding the
whole memory to itself, moved by one place, adds the next channel everywhere. Of a part that stays in the cache this is
two to four times as fast as the product with a banded matrix that trains (`striate.convnet.build.lrn`). In bfloat16,
which processors multiply faster than they add, that product is faster again, as a convolution of one picture.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from striate.arch import Volume
from striate.convnet.build.lrn import power
from striate.convnet.inference.fused_conv import AVAILABLE, DTYPES, packed_filters

PART = 1 << 16  # values that are normalised at once
MOST_CHANNELS = 200  # up to which the product takes less time than the additions


def channel_normalisation(layer: Any, before: Volume, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """The LRN `layer` across the channels of volumes (N, C, H, W) like `before` of `dtype`, channels last."""
    native = AVAILABLE and dtype is torch.bfloat16 and dtype in DTYPES
    if not native or before.channels > MOST_CHANNELS:
        return partial(normalised_across, size=layer.size, alpha=layer.alpha, beta=layer.beta, k=layer.k)
    channels = torch.arange(before.channels)
    band = ((channels[:, None] - channels).abs() <= layer.size // 2) * (layer.alpha / layer.size)
    settings: tuple[Any, ...] = ((0, 0), (1, 1), (1, 1), 1)  # padding, stride, dilation, groups
    weight = packed_filters(band[:, :, None, None], dtype, settings, tuple(before))
    constant = torch.full((before.channels,), layer.k, dtype=torch.float32)
    sums: Any = torch.ops.mkldnn._convolution_pointwise.default
    beta = layer.beta

    def normalise(x: Tensor) -> Tensor:
        found = torch.empty_like(x)
        for place in range(len(x)):  # a picture stays in the cache
            picture = x[place : place + 1]
            scale = sums(picture * picture, weight, constant, *settings, "none", [], "")
            torch.mul(picture, power(scale, beta), out=found[place : place + 1])
        return found

    return normalise


def normalised_across(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    """The volume x · s^−β with s = k + α/size · Σ x² over `size` channels around each, (N, C, H, W), channels last.

    >>> x = torch.ones(1, 3, 1, 1)
    >>> normalised_across(x, 3, 3.0, 1.0, 1.0).flatten().tolist()  # 1/(1 + 2), 1/(1 + 3), 1/(1 + 2)
    [0.3333333432674408, 0.25, 0.3333333432674408]
    """
    count, channels, height, width = x.shape
    rows = x.permute(0, 2, 3, 1).reshape(-1, channels)
    found = torch.empty_like(rows)
    constant = torch.tensor(k, dtype=torch.float32)
    step = max(1, PART // channels)
    for first in range(0, len(rows), step):
        part, place = rows[first : first + step], found[first : first + step]
        squares = torch.zeros(len(part), channels + size - 1)
        inner = squares[:, size // 2 : size // 2 + channels]
        inner.copy_(part)
        flat = squares.view(-1).square_()
        end = flat.numel() - size + 1
        sums = torch.empty_like(flat)
        torch.add(constant, _shifted(flat, size, end), alpha=alpha / size, out=sums[:end])
        torch.mul(part, power(sums, beta).view(squares.shape)[:, :channels], out=place)
    return found.view(count, height, width, channels).permute(0, 3, 1, 2)


def _shifted(values: Tensor, size: int, end: int) -> Tensor:
    """Sums of `size` values, an odd number, from each place up to `end`."""
    total = values[:end]
    pairs = values[:-1] + values[1:] if size > 1 else values
    for place in range(1, size, 2):
        total = total + pairs[place : place + end]
    return total
