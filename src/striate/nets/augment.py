"""Augmentation on batches of pictures: a pure function of (seed, epoch, index).

Mirroring and whole-pixel shifts move bytes and invent none: 1234 mirrored is 4321, shifted by one with the edge
reflected 2123. Turning and zooming read between pixels (bilinear), with the edge reflected too.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import affine_grid, grid_sample

from striate.nets.chance import generator
from striate.nets.recipe import Recipe

Pixels = NDArray[np.uint8]


class Augmenter:
    """Augments the pictures of one epoch.

    Args:
        recipe: `flip`, `shift`, `rotate`, `zoom` and `seed` are read.
        epoch: 0, 1, …
        count: how many training pictures there are; five numbers are drawn for each, whatever is switched on.

    """

    def __init__(self, recipe: Recipe, epoch: int, count: int) -> None:
        self.recipe = recipe
        self.draws = generator(recipe.seed, "augment", epoch).random((count, 5), dtype=np.float32)

    def __call__(self, pictures: Pixels, indices: NDArray[np.int64]) -> torch.Tensor:
        """Augmented `pictures` (n, H, W, C) uint8, as a tensor (n, C, H, W) float32 in 0..255, channels last.

        `indices` (n,) say which training pictures they are, and with that how each is changed.
        """
        draws = self.draws[indices]
        mirrored = draws[:, 2] < 0.5 * bool(self.recipe.flip)
        moved = shift_and_flip(pictures, draws[:, :2], self.recipe.shift or 0.0, mirrored)
        batch = torch.from_numpy(moved).permute(0, 3, 1, 2).float()
        if self.recipe.rotate or self.recipe.zoom:
            return turn_and_zoom(batch, draws[:, 3:], self.recipe.rotate or 0.0, self.recipe.zoom or 0.0)
        return batch


def shift_and_flip(
    pictures: Pixels, draws: NDArray[np.float32], fraction: float, mirrored: NDArray[np.bool_]
) -> Pixels:
    """Pictures (n, H, W, C) moved by up to ±`fraction` of their sides in whole pixels, edges reflected, some mirrored.

    `draws` is (n, 2) in 0..1: down and right.

    >>> row = np.array([[[[1], [2], [3], [4]]]], np.uint8)
    >>> shift_and_flip(row, np.array([[0.5, 0.99]], np.float32), 0.25, np.array([False])).ravel()
    array([2, 1, 2, 3], dtype=uint8)
    >>> shift_and_flip(row, np.array([[0.5, 0.5]], np.float32), 0.25, np.array([True])).ravel()
    array([4, 3, 2, 1], dtype=uint8)
    """
    _, height, width, _ = pictures.shape
    rows = _moved(height, draws[:, 0], fraction)
    columns = _moved(width, draws[:, 1], fraction)
    columns = np.where(mirrored[:, None], columns[:, ::-1], columns)
    first = np.arange(len(pictures))[:, None, None]
    return pictures[first, rows[:, :, None], columns[:, None, :]]


def _moved(side: int, draws: NDArray[np.float32], fraction: float) -> NDArray[np.int64]:
    """For each draw the source position of every pixel along one side, (n, side)."""
    most = round(fraction * side)
    moves = np.floor(draws * (2 * most + 1)).astype(np.int64).clip(0, 2 * most) - most
    position = np.abs(np.arange(side) - moves[:, None])
    reflected: NDArray[np.int64] = np.where(position >= side, 2 * (side - 1) - position, position)
    return reflected if side > 1 else position * 0


def turn_and_zoom(batch: torch.Tensor, draws: NDArray[np.float32], degrees: float, fraction: float) -> torch.Tensor:
    """Batch (n, C, H, W) float, each picture turned by up to ±`degrees` and scaled by up to 1 ± `fraction`.

    `draws` is (n, 2) in 0..1; at 0.5 nothing changes.

    >>> batch = torch.arange(6.0).reshape(1, 1, 2, 3)
    >>> bool(torch.equal(turn_and_zoom(batch, np.full((1, 2), 0.5, np.float32), 10, 0.1).round(), batch))
    True
    """
    height, width = batch.shape[2:]
    angle = np.deg2rad(degrees) * (2 * draws[:, 0] - 1)
    scale = 1 / (1 + fraction * (2 * draws[:, 1] - 1))
    sine, cosine, zero = np.sin(angle) * scale, np.cos(angle) * scale, np.zeros_like(scale)
    matrix = np.stack(
        [np.stack([cosine, -sine * height / width, zero], 1), np.stack([sine * width / height, cosine, zero], 1)], 1
    )
    grid = affine_grid(torch.from_numpy(matrix.astype(np.float32)), list(batch.shape), align_corners=False)
    turned = grid_sample(batch, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return turned.contiguous(memory_format=torch.channels_last)
