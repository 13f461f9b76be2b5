"""Pictures of bytes as the first layer of a network reads them, in one pass over memory.

Mean and standard deviation are part of the first convolution where one reads the picture: with w' = w/σ, the sum over
w'·(x − μ) is a convolution of the bytes themselves, which bfloat16 holds exactly, and a bias. Padding is then the mean.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from striate.convnet.build.normalise import InputNormalisation

Sides = tuple[int, int, int, int]  # pixels of padding: left, right, top, bottom


def byte_conversion(preparation: InputNormalisation, dtype: torch.dtype, padding: Sides, turned: bool,
                    ) -> Callable[[Tensor], Tensor]:
    """Bytes (n, C, H, W), channels last, to `dtype`, turned by 180° or not, with a border of the mean."""
    left, right, top, bottom = padding
    mean = torch.tensor(preparation.mean, dtype=torch.float32).to(dtype)

    def convert(batch: Tensor) -> Tensor:
        pixels = batch.permute(0, 2, 3, 1)
        if turned:
            pixels = pixels.flip((1, 2))
        if not any(padding):
            return pixels.to(dtype).permute(0, 3, 1, 2)
        count, height, width, channels = pixels.shape
        padded = torch.empty(count, top + height + bottom, left + width + right, channels, dtype=dtype)
        padded[:, top : top + height, left : left + width] = pixels
        for border in (padded[:, :top], padded[:, top + height :], padded[:, :, :left], padded[:, :, left + width :]):
            border[:] = mean
        return padded.permute(0, 3, 1, 2)

    return convert


def normalisation(preparation: InputNormalisation, dtype: torch.dtype, turned: bool) -> Callable[[Tensor], Tensor]:
    """Bytes (n, C, H, W), channels last, to normalised numbers, the same as `InputNormalisation.normalised` gives."""
    _, width = preparation.size
    # A row of pixels at a time: three channels alone would be three numbers for each call of a loop.
    mean = torch.tensor(preparation.mean, dtype=torch.float32).repeat(width)
    deviation = torch.tensor(preparation.std, dtype=torch.float32).repeat(width)

    def convert(batch: Tensor) -> Tensor:
        pixels = batch.permute(0, 2, 3, 1)
        if turned:
            pixels = pixels.flip((1, 2))
        rows = pixels.reshape(-1, mean.numel()).to(torch.float32, copy=True)
        return rows.sub_(mean).div_(deviation).to(dtype).view(pixels.shape).permute(0, 3, 1, 2)

    return convert
