"""Grids of descriptors: one grid of centres for all bin sizes, and default bin sizes, step and enlargement."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError

SMALL = 48  # the short side that small pictures are enlarged to, in pixels
MOST_ENLARGED = 8
LARGE = 128  # from this short side on, bins are those of photographs
POINTS = 42  # along a side, about: 42² less the border, times 3 scales, is 4,800 descriptors


@dataclass(frozen=True)
class Grid:
    """Positions of D descriptors: scale after scale, in each row after row.

    `y`, `x`: centres, (D,) float32, in pixels of the picture given, 0 the centre of the first pixel. `bin`: size of a
    bin in those pixels, (D,) float32; a descriptor spans 4 bins. `height`, `width`: of the picture, in pixels.
    """

    y: NDArray[np.float32]
    x: NDArray[np.float32]
    bin: NDArray[np.float32]
    height: int
    width: int


@dataclass(frozen=True)
class GridSettings:
    """Settings of a grid: bin sizes and step in pixels of the picture enlarged `enlarge` times."""

    bin_sizes: tuple[int, ...]
    step: int
    enlarge: int

    def centres(self, length: int) -> NDArray[np.int64]:
        """Centres along an axis of `length` pixels (before enlarging), in pixels after; none where nothing fits.

        The bin centres of the largest bins are inside the picture; the remainder of the step is shared by both ends.

        >>> GridSettings((4, 6, 8, 10), 4, 1).centres(300)[[0, 1, -1]]  # 15 = 1.5 · 10; 68 centres, one pixel over
        array([ 15,  19, 283])
        """
        reach = math.ceil(1.5 * max(self.bin_sizes))
        room = length * self.enlarge - 1 - 2 * reach
        return np.arange(room // self.step + 1) * self.step + reach + (room % self.step) // 2

    def grid(self, height: int, width: int) -> Grid:
        """The grid on a picture of height×width; refuses one that is smaller than a descriptor."""
        rows, columns = self.centres(height), self.centres(width)
        if not len(rows) or not len(columns):
            least = 2 * math.ceil(1.5 * max(self.bin_sizes)) + 1
            enlarged = f", enlarged {self.enlarge}× to {height * self.enlarge}×{width * self.enlarge}"
            raise DataError("picture_too_small", f"dense SIFT with bins of {max(self.bin_sizes)} pixels was asked for",
                            allowed=f"pictures of at least {least}×{least} pixels are allowed",
                            given=f"{height}×{width}{enlarged if self.enlarge > 1 else ''} was given",
                            do="Give larger pictures or smaller bins")
        y, x = np.meshgrid(rows, columns, indexing="ij")
        scales = len(self.bin_sizes)
        return Grid(_before_enlarging(y, self.enlarge, scales), _before_enlarging(x, self.enlarge, scales),
                    np.repeat(np.array(self.bin_sizes, np.float32) / np.float32(self.enlarge), y.size), height, width)


def choose_grid(height: int, width: int, bin_sizes: tuple[int, ...] | None = None, step: int | None = None,
                enlarge: int | None = None, points: int = POINTS) -> GridSettings:
    """Grid settings for a picture of height×width pixels: those given, and defaults for the rest.

    Small pictures are enlarged by a whole factor, at most 8, until their short side has 48 pixels. Bins of 2, 4 and 6
    pixels were the best of eleven sets on the training pictures of Scene-15, by cross-validation.

    >>> choose_grid(256, 256)  # 40² places · 3 scales = 4,800 descriptors
    GridSettings(bin_sizes=(2, 4, 6), step=6, enlarge=1)
    >>> choose_grid(28, 28)    # 56×56 pixels; 22² · 3 = 1,452 descriptors
    GridSettings(bin_sizes=(2, 3, 4), step=2, enlarge=2)
    """
    short = min(height, width)
    factor = enlarge or min(MOST_ENLARGED, math.ceil(SMALL / short))
    sizes = bin_sizes or ((2, 4, 6) if short * factor >= LARGE else (2, 3, 4))
    return GridSettings(sizes, step or max(2, round(math.sqrt(height * width) * factor / points)), factor)


def _before_enlarging(centres: NDArray[np.int64], enlarge: int, scales: int) -> NDArray[np.float32]:
    return np.tile(((centres.ravel() + 0.5) / enlarge - 0.5).astype(np.float32), scales)
