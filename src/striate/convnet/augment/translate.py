"""Translation by whole pixels, without interpolation. 1234 by one to the right, edge reflected: 2123."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate.convnet.augment.conversion import Draws, reflected
from striate.convnet.augment.flip import mirror
from striate.model.preprocessing import Pixels


def shift_and_flip(pictures: Pixels, draws: Draws, fraction: float, mirrored: NDArray[np.bool_]) -> Pixels:
    """Pictures (n, H, W, C) moved by up to ±`fraction` of their sides in whole pixels, edges reflected, some mirrored.

    `draws` is (n, 2) in 0..1: down and right; 0.5 is no move. Returns a copy. Every row of a moved picture
    is one run of bytes in a row with reflected margins, so it is fetched as one element, and not pixel by pixel.

    >>> row = np.array([[[[1], [2], [3], [4]]]], np.uint8)
    >>> shift_and_flip(row, np.array([[0.5, 0.99]], np.float32), 0.25, np.array([False])).ravel()
    array([2, 1, 2, 3], dtype=uint8)
    >>> shift_and_flip(row, np.array([[0.5, 0.5]], np.float32), 0.25, np.array([True])).ravel()
    array([4, 3, 2, 1], dtype=uint8)
    """
    count, height, width, channels = pictures.shape
    most, farthest = most_moved(height, fraction), most_moved(width, fraction)
    wide = np.empty((count, height, width + 2 * farthest, channels), np.uint8)
    middle = slice(farthest, farthest + width)
    wide[:, :, middle] = pictures
    if mirrored.any():
        wide[mirrored, :, middle] = mirror(pictures[mirrored])
    if not count or not (most or farthest):
        return wide[:, :, middle]
    if farthest:
        wide[:, :, :farthest] = wide[:, :, 2 * farthest : farthest : -1]
        wide[:, :, middle.stop :] = wide[:, :, middle.stop - 2 : width - 2 : -1]
    right = _moves(draws[:, 1], farthest)
    start = farthest - np.where(mirrored, -right, right)  # to the left in the mirror is to the right
    rows = reflected(np.arange(height) - _moves(draws[:, 0], most)[:, None], height)
    stride, run = wide.shape[2] * channels, width * channels
    runs = np.ndarray(wide.size - run + 1, np.dtype((np.void, run)), wide, strides=(1,))  # one for each first byte
    chosen = runs[(np.arange(count)[:, None] * height + rows) * stride + start[:, None] * channels]
    moved: Pixels = chosen.view(np.uint8).reshape(pictures.shape)
    return moved


def most_moved(side: int, fraction: float) -> int:
    """How many pixels `fraction` of a `side` is, and never so many that the reflection would be read twice over.

    >>> most_moved(28, 0.08), most_moved(1, 0.5)
    (2, 0)
    """
    return min(round(fraction * side), side - 1)


def _moves(draws: Draws, most: int) -> NDArray[np.int64]:
    return np.minimum((draws * (2 * most + 1)).astype(np.int64), 2 * most) - most
