"""Colour jitter: random brightness, contrast and saturation (Krizhevsky et al. 2012 changed colours; these are PIL's).

Each is a mixture with what has none of it: black, the picture's mean grey, and its own grey. All three together are
one linear map, cut off at 0 and 255 once at the end, where the common code cuts off after each.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from striate.convnet.augment.conversion import Draws, as_tensor
from striate.model.preprocessing import Pixels

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, of red, green and blue
Factors = NDArray[np.float64]


def jittered(pictures: Pixels, draws: Draws, strength: float) -> torch.Tensor:
    """Pictures (n, H, W, C) uint8 recoloured by factors of up to 1 ± `strength`; a tensor as of `recoloured`.

    `draws` is (n, 3) in 0..1: brightness, contrast and saturation; 0.5 is no change.

    >>> jittered(np.array([[[[10], [20]]]], np.uint8), np.float32([[1, 0.5, 0.5]]), 0.5).ravel().tolist()
    [15.0, 30.0]
    """
    brightness, contrast, saturation = (1 + strength * (2 * draws.astype(np.float64) - 1)).T
    return recoloured(pictures, brightness, contrast, saturation)


def recoloured(pictures: Pixels, brightness: Factors, contrast: Factors, saturation: Factors) -> torch.Tensor:
    """Pictures (n, H, W, C) uint8 with each of three factors (n,), 1 for no change.

    A tensor (n, C, H, W) float32 in 0..255, channels last.

    >>> one = np.ones(1)
    >>> recoloured(np.array([[[[10], [20]]]], np.uint8), one, 2 * one, one).ravel().tolist()  # 15 ∓ 2 · 5
    [5.0, 25.0]
    """
    count, height, width, channels = pictures.shape
    luma = LUMA if channels == len(LUMA) else (1 / channels,) * channels
    # Whole numbers add up to the same sum in any order, so the mean is the same in any batch.
    sums = pictures.sum(1, dtype=np.int64).sum(1)
    mean = sum(weight * sums[:, channel] for channel, weight in enumerate(luma)) / (height * width)

    def each(numbers: Factors) -> torch.Tensor:
        return torch.from_numpy(numbers.astype(np.float32)).reshape(count, 1, 1, 1)

    batch = as_tensor(pictures).float()
    level = each((1 - contrast) * brightness * mean)
    if channels == 1:  # its grey is itself
        return batch.mul_(each(contrast * brightness)).add_(level).clamp_(0, 255)
    grey = batch[:, :1] * luma[0]
    for channel in range(1, channels):
        grey += batch[:, channel : channel + 1] * luma[channel]
    grey.mul_(each((1 - saturation) * contrast * brightness)).add_(level)
    return batch.mul_(each(saturation * contrast * brightness)).add_(grey).clamp_(0, 255)
