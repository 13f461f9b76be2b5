"""Affine augmentation: rotation, zoom and bilinear resampling, with the edge reflected."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import grid_sample

from striate.convnet.augment.conversion import Draws


def turn_and_zoom(batch: torch.Tensor, draws: Draws, degrees: float, fraction: float) -> torch.Tensor:
    """Batch (n, C, H, W) float, each picture turned by up to ±`degrees` and scaled by up to 1 ± `fraction`.

    `draws` is (n, 2) in 0..1; at 0.5 nothing changes.

    >>> batch = torch.arange(6.0).reshape(1, 1, 2, 3)
    >>> bool(torch.equal(turn_and_zoom(batch, np.full((1, 2), 0.5, np.float32), 10, 0.1).round(), batch))
    True
    """
    drawn = draws.astype(np.float64)
    scale = 1 / (1 + fraction * (2 * drawn[:, 1] - 1))
    return resampled(batch, turned(np.deg2rad(degrees) * (2 * drawn[:, 0] - 1), scale))


def turned(angle: NDArray[np.float64], scale: NDArray[np.float64] | float = 1.0) -> NDArray[np.float64]:
    """Matrices (n, 2, 3) for `resampled` that turn by `angle` (n,) radians and shrink by `scale`."""
    sine, cosine, zero = np.sin(angle) * scale, np.cos(angle) * scale, np.zeros_like(angle)
    return np.stack([np.stack([cosine, -sine, zero], 1), np.stack([sine, cosine, zero], 1)], 1)


def resampled(batch: torch.Tensor, matrix: NDArray[np.float64]) -> torch.Tensor:
    """Batch (n, C, H, W) float, each pixel (x, y) read at `matrix` (n, 2, 3) · (x, y, 1), channels last.

    x goes right and y down, in pixels from the picture's centre.

    >>> shift = np.array([[[1.0, 0, 1], [0, 1, 0]]])  # one pixel further right is read
    >>> resampled(torch.tensor([[[[1.0, 2, 3, 4]]]]), shift).ravel().round().tolist()
    [2.0, 3.0, 4.0, 4.0]
    """
    sides = batch.shape[3], batch.shape[2]
    x, y = (np.arange(side) - (side - 1) / 2 for side in sides)
    grid = np.empty((len(batch), sides[1], sides[0], 2), np.float32)
    # Sums and products of single numbers: a matrix product may round a picture differently in another batch.
    for axis, side in enumerate(sides):
        along = (matrix[:, axis, 0, None] * x * (2 / side)).astype(np.float32)
        across = ((matrix[:, axis, 1, None] * y + matrix[:, axis, 2, None]) * (2 / side)).astype(np.float32)
        np.add(along[:, None, :], across[:, :, None], out=grid[..., axis])
    read = grid_sample(batch, torch.from_numpy(grid), mode="bilinear", padding_mode="reflection", align_corners=False)
    return read.contiguous(memory_format=torch.channels_last)
