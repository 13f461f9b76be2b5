"""The fourteen operations of RandAugment, each a function (pictures (n, H, W, C) uint8, level (n,)) → pictures.

The level goes from −1 to 1; its size is the magnitude over 10, its sign the direction. At level 0 nothing changes,
except by autocontrast and equalise, which have none. What each level means is as in AutoAugment (Cubuk et al., CVPR
2019, appendix). Beyond the edge the picture is reflected, where the paper fills with grey.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from striate.convnet.augment.affine import resampled, turned
from striate.convnet.augment.colour_jitter import recoloured
from striate.convnet.augment.conversion import as_tensor, reflected, to_bytes
from striate.model.preprocessing import Pixels

Level = NDArray[np.float64]
DEGREES, SHEAR, SHIFT = 30.0, 0.3, 150 / 331  # the largest of each; the last as a share of a side
FACTOR, BITS = 0.9, 4  # most that a factor differs from 1; most low bits dropped
MEAN = 13  # what the weights of PIL's smoothing add up to: 1 for each neighbour, 5 for the pixel


def identity(pictures: Pixels, level: Level) -> Pixels:  # noqa: ARG001 - all operations share one signature
    """No change."""
    return pictures


def autocontrast(pictures: Pixels, level: Level) -> Pixels:  # noqa: ARG001
    """Each channel stretched to 0..255; one that is constant stays."""
    low, high = (extreme(pictures, axis=(1, 2))[:, :, None].astype(np.int64) for extreme in (np.min, np.max))
    stretched = (np.arange(256) - low) * 255 // np.maximum(high - low, 1)
    return apply_tables(pictures, np.where(high > low, stretched.clip(0, 255), np.arange(256)))


def equalise(pictures: Pixels, level: Level) -> Pixels:  # noqa: ARG001
    """Each channel with its greys spread evenly, by PIL's rule; one with a single grey stays.

    >>> equalise(np.repeat(np.uint8([3, 9]), 256).reshape(1, 16, 32, 1), np.zeros(1)).ravel()[[0, -1]].tolist()
    [0, 255]
    """
    counts = np.bincount(_table_indices(pictures).ravel(), minlength=len(pictures) * pictures.shape[3] * 256)
    counts = counts.reshape(len(pictures), pictures.shape[3], 256)
    last = np.take_along_axis(counts, 255 - (counts[:, :, ::-1] > 0).argmax(2)[:, :, None], 2)
    step = (counts.sum(2, keepdims=True) - last) // 255
    before = counts.cumsum(2) - counts
    table = (before + step // 2) // np.maximum(step, 1)
    return apply_tables(pictures, np.where(step > 0, table.clip(0, 255), np.arange(256)))


def solarise(pictures: Pixels, level: Level) -> Pixels:
    """Greys from 256 · (1 − |level|) up become their negatives."""
    from_here = 256 * (1 - np.abs(level))[:, None, None, None]
    negative: Pixels = np.where(pictures >= from_here, 255 - pictures, pictures)
    return negative


def posterise(pictures: Pixels, level: Level) -> Pixels:
    """Up to 4 of the low bits set to 0."""
    dropped = np.rint(BITS * np.abs(level)).astype(np.int64)
    kept = (255 << dropped & 255).astype(np.uint8)
    coarse: Pixels = pictures & kept[:, None, None, None]
    return coarse


def brightness(pictures: Pixels, level: Level) -> Pixels:
    """Darker or brighter by up to 90 %."""
    one = np.ones_like(level)
    return to_bytes(recoloured(pictures, 1 + FACTOR * level, one, one))


def contrast(pictures: Pixels, level: Level) -> Pixels:
    """Nearer to the mean grey or farther from it, by up to 90 %."""
    one = np.ones_like(level)
    return to_bytes(recoloured(pictures, one, 1 + FACTOR * level, one))


def colour(pictures: Pixels, level: Level) -> Pixels:
    """Greyer or more colourful by up to 90 %."""
    one = np.ones_like(level)
    return to_bytes(recoloured(pictures, one, one, 1 + FACTOR * level))


def sharpness(pictures: Pixels, level: Level) -> Pixels:
    """Smoother or sharper by up to 90 %: nearer to the mean of the 3×3 pixels around, or farther from it.

    >>> sharpness(np.uint8([0, 0, 130]).reshape(1, 1, 3, 1), np.array([-1.0])).ravel().tolist()  # 0.9 · 30
    [0, 27, 76]
    """
    height, width = pictures.shape[1:3]
    rows, columns = (reflected(np.arange(-1, side + 1), side) for side in (height, width))
    wide = pictures[:, rows][:, :, columns].astype(np.float32)  # sums of whole numbers below 2²⁴ are exact
    across = wide[:, :, :-2] + wide[:, :, 1:-1] + wide[:, :, 2:]
    smooth = (across[:, :-2] + across[:, 1:-1] + across[:, 2:] + 4 * wide[:, 1:-1, 1:-1]) / np.float32(MEAN)
    factor = (1 + FACTOR * level).astype(np.float32)[:, None, None, None]
    blended: Pixels = np.rint(smooth + factor * (pictures - smooth)).clip(0, 255).astype(np.uint8)
    return blended


def rotate(pictures: Pixels, level: Level) -> Pixels:
    """Turned by up to 30 degrees."""
    return _resampled(pictures, turned(np.deg2rad(DEGREES) * level))


def shear_x(pictures: Pixels, level: Level) -> Pixels:
    """Rows pushed sideways, by up to 0.3 pixels per row from the middle."""
    return _resampled(pictures, _matrix(level, (0, 1), SHEAR))


def shear_y(pictures: Pixels, level: Level) -> Pixels:
    """Columns pushed up and down, by up to 0.3 pixels per column from the middle."""
    return _resampled(pictures, _matrix(level, (1, 0), SHEAR))


def translate_x(pictures: Pixels, level: Level) -> Pixels:
    """Moved sideways by up to 150/331 of the width."""
    return _resampled(pictures, _matrix(level, (0, 2), SHIFT * pictures.shape[2]))


def translate_y(pictures: Pixels, level: Level) -> Pixels:
    """Moved up or down by up to 150/331 of the height."""
    return _resampled(pictures, _matrix(level, (1, 2), SHIFT * pictures.shape[1]))


OPERATIONS: dict[str, Callable[[Pixels, Level], Pixels]] = {one.__name__: one for one in (
    identity, autocontrast, equalise, rotate, solarise, colour, posterise, contrast, brightness, sharpness, shear_x,
    shear_y, translate_x, translate_y,
)}


def apply_tables(pictures: Pixels, tables: NDArray[np.int64]) -> Pixels:
    """Each grey of the pictures (n, H, W, C) replaced by its entry in `tables` (n, C, 256), all in 0..255."""
    return tables.astype(np.uint8).reshape(-1)[_table_indices(pictures)]


def _table_indices(pictures: Pixels) -> NDArray[np.int64]:
    count, channels = len(pictures), pictures.shape[3]
    first = np.arange(0, 256 * count * channels, 256, dtype=np.int64).reshape(count, 1, 1, channels)
    return np.add(first, pictures, dtype=np.int64)


def _matrix(level: Level, place: tuple[int, int], most: float) -> NDArray[np.float64]:
    matrix = np.tile(np.eye(2, 3), (len(level), 1, 1))
    matrix[:, place[0], place[1]] += most * level
    return matrix


def _resampled(pictures: Pixels, matrix: NDArray[np.float64]) -> Pixels:
    return to_bytes(resampled(as_tensor(pictures).float(), matrix))
