"""Image statistics: brightness, contrast, sharpness and a thumbnail of each picture, for many at a time.

The thumbnail is the picture's luma resized to 16×16 by area averaging. Thumbnails are compared without their mean and
divided by their norm, so that brightness and contrast do not count. On 4,485 photographs the thumbnails of copies that
were scaled to 0.35 to 1.5 times their size and saved as JPEG of quality 70 lay 0.012 apart in the median, 0.038 at
most (n = 300), and those of the nearest other photograph 0.75 in the median (`bench/checking.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

THUMBNAIL = 16  # pixels on each side of a thumbnail
CHUNK = 128  # pictures measured at a time: some 20 MB of 96×96 pixels as float32
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ImageStatistics:
    """Statistics of n pictures: all (n,) float32 but `thumbnails`, (n, 256) uint8, and `chroma`, (n, 2) float32.

    low, high: the first and the 99th percentile of the luma, 0..255; std: its standard deviation; detail: the
    variance of its Laplacian over its own variance (0 blank or blurred, 20 noise); chroma: mean Cb and Cr, −128..127.
    """

    low: Floats
    high: Floats
    std: Floats
    detail: Floats
    chroma: Floats
    thumbnails: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.low)

    @classmethod
    def of(cls, pictures: NDArray[np.uint8]) -> ImageStatistics:
        """The statistics of `pictures`, (n, H, W, C) uint8, C = 1 or 3.

        >>> ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))[None, :, :, None]
        >>> one = ImageStatistics.of(ramp)
        >>> float(one.high[0]), float(one.detail[0])                        # a ramp has no second derivative
        (62.0, 0.0)
        """
        luma, chroma = _luma(pictures)
        few = np.sort(luma[:, ::2, ::2].reshape(len(luma), -1), axis=1)
        last = few.shape[1] - 1
        real = luma.astype(np.float32)
        variance = real.var(axis=(1, 2))
        return cls(
            low=few[:, round(0.01 * last)].astype(np.float32), high=few[:, round(0.99 * last)].astype(np.float32),
            std=np.sqrt(variance), detail=_laplacian(real) / np.maximum(variance, 1e-3), chroma=chroma,
            thumbnails=_thumbnails(real),
        )

    @classmethod
    def concatenated(cls, parts: list[ImageStatistics]) -> ImageStatistics:
        """The statistics of all `parts`, in order."""
        if not parts:
            none = np.zeros(0, np.float32)
            return cls(none, none, none, none, np.zeros((0, 2), np.float32), np.zeros((0, THUMBNAIL**2), np.uint8))
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


def _luma(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Floats]:
    """ITU-R 601 luma (n, H, W) uint8, and the mean chroma (n, 2)."""
    if pictures.shape[3] == 1:
        return pictures[..., 0], np.zeros((len(pictures), 2), np.float32)
    wide = pictures.astype(np.uint16)
    luma = ((77 * wide[..., 0] + 150 * wide[..., 1] + 29 * wide[..., 2]) >> 8).astype(np.uint8)
    red, green, blue = pictures.reshape(len(pictures), -1, 3).mean(axis=1).T.astype(np.float32)
    chroma = np.stack([-0.169 * red - 0.331 * green + 0.5 * blue, 0.5 * red - 0.419 * green - 0.081 * blue], axis=1)
    return luma, chroma.astype(np.float32)


def _laplacian(luma: Floats) -> Floats:
    if min(luma.shape[1:]) < 3:
        return np.zeros(len(luma), np.float32)
    middle = luma[:, 1:-1, 1:-1]
    second = luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] + luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:] - 4 * middle
    return np.asarray(second.var(axis=(1, 2)), np.float32)


def _thumbnails(luma: Floats) -> NDArray[np.uint8]:
    down, across = _areas(luma.shape[1]), _areas(luma.shape[2])
    return np.asarray(np.rint(down @ luma @ across.T).clip(0, 255), np.uint8).reshape(len(luma), -1)


@cache
def _areas(side: int) -> Floats:
    """Area averaging of `side` pixels to THUMBNAIL as a matrix, (THUMBNAIL, side), rows that sum to 1."""
    edges = np.arange(THUMBNAIL + 1) * (side / THUMBNAIL)
    first, last = edges[:-1, None], edges[1:, None]
    pixel = np.arange(side)[None, :]
    shares = np.clip(np.minimum(last, pixel + 1) - np.maximum(first, pixel), 0, None)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
