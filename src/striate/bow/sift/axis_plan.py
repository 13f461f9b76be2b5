"""Plan of one scale along one axis: the filters, and the position of each bin's result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from striate.bow.sift import linear_filters
from striate.bow.sift.banded_matrix import BandedMatrix
from striate.bow.sift.grid import GridSettings
from striate.bow.sift.linear_filters import BINS, Matrix

ROWS = 64  # of the picture in one block of smoothing: larger blocks multiply more zeros, smaller ones start more often
POOLED = 16  # places in one block of pooling


@dataclass(frozen=True)
class AxisPlan:
    """Filters along one axis of `length` pixels, enlarged to `long`, with `count` grid points.

    smooth, slope: (long, length), the smoothing and its derivative; pool: (P, long), the filters of all bins.
    Bin i of grid point k is row `starts[i] + stride · k` of pool, times `weights[i]`. lift, lift_squares: (count, P),
    which sum a descriptor's bins, or their squares, out of pooled values, with those weights. `mass` is their sum.
    """

    length: int
    long: int
    count: int
    smooth: BandedMatrix
    slope: BandedMatrix
    pool: BandedMatrix
    starts: tuple[int, ...]
    stride: int
    weights: tuple[float, ...]
    lift: torch.Tensor
    lift_squares: torch.Tensor
    mass: float

    @classmethod
    def prepared(cls, length: int, choice: GridSettings, size: int, window: str) -> Self:
        """The axis for bins of `size` pixels on the grid of `choice`, under a `flat` or `gaussian` window."""
        long = length * choice.enlarge
        centres = choice.centres(length)
        smooth = linear_filters.smoothing(long, size)
        if choice.enlarge > 1:
            smooth = smooth @ linear_filters.enlargement(length, choice.enlarge)
        shared = window == "flat"
        places = BinPositions.shared(size, choice.step) if shared else BinPositions.apart(size, choice.step)
        at = places.at(len(centres)) + centres[0]
        pool = linear_filters.triangles(long, size, at)
        if not shared:  # each bin sees another part of the window
            middles = at - np.tile(linear_filters.bin_offsets(size)[np.argsort(places.slots)], len(at) // BINS)
            pool *= linear_filters.window(long, size, middles)
        weights = linear_filters.flat_weights(size) if shared else np.ones(BINS)
        starts, stride = places.starts(), len(places.phases)
        lift = np.zeros((2, len(centres), len(pool)))
        for start, weight in zip(starts, weights, strict=True):
            rows = np.arange(len(centres))
            lift[0, rows, start + stride * rows] += weight
            lift[1, rows, start + stride * rows] += weight**2
        sums, squares = torch.from_numpy(lift.astype(np.float32))
        return cls(length, long, len(centres), BandedMatrix(smooth, ROWS),
                   BandedMatrix(linear_filters.difference(smooth), ROWS), BandedMatrix(pool, POOLED), starts, stride,
                   tuple(weights.tolist()), sums, squares, float(weights.sum()) if shared else _mass(size))


@dataclass(frozen=True)
class BinPositions:
    """Positions of bin centres, period after period of one step, with one place per phase.

    Bin i of grid point k is in period `periods[i] + k`, at phase number `slots[i]`. Bins of neighbouring descriptors
    often fall on the same place: with bins of 4 and a step of 4, the 4 · 68 bins of 68 grid points are at 71 places.
    """

    step: int
    phases: tuple[float, ...]
    periods: tuple[int, ...]
    slots: tuple[int, ...]

    @classmethod
    def shared(cls, size: int, step: int) -> Self:
        """One place for all bins that coincide.

        >>> BinPositions.shared(6, 4)  # centres at −9, −3, 3, 9 = −3·4 + 3, −1·4 + 1, 0·4 + 3, 2·4 + 1
        BinPositions(step=4, phases=(1.0, 3.0), periods=(-3, -1, 0, 2), slots=(1, 0, 1, 0))
        """
        periods, phases = np.divmod(linear_filters.bin_offsets(size), step)
        different, slots = np.unique(phases, return_inverse=True)
        return cls(step, tuple(different.tolist()), tuple(map(int, periods)), tuple(slots.tolist()))

    @classmethod
    def apart(cls, size: int, step: int) -> Self:
        """A place for each bin, coincident or not."""
        periods, phases = np.divmod(linear_filters.bin_offsets(size), step)
        order = np.argsort(phases, kind="stable")
        return cls(step, tuple(phases[order].tolist()), tuple(map(int, periods)), tuple(np.argsort(order).tolist()))

    def at(self, count: int) -> Matrix:
        """All places for `count` grid points, in pixels from the first grid point, rising."""
        periods = np.arange(self.periods[0], self.periods[-1] + count)
        places: Matrix = (periods[:, None] * self.step + np.array(self.phases)).ravel()
        return places

    def starts(self) -> tuple[int, ...]:
        """The index among all places of each bin of the first grid point; the next is `len(phases)` further."""
        return tuple((period - self.periods[0]) * len(self.phases) + slot
                     for period, slot in zip(self.periods, self.slots, strict=True))


def _mass(size: int) -> float:
    """The sum over the four bins of a descriptor far from any border, under the Gaussian window."""
    length = 6 * size + 1
    centre = np.full(BINS, 3.0 * size)
    pool = linear_filters.triangles(length, size, centre + linear_filters.bin_offsets(size))
    return float((pool * linear_filters.window(length, size, centre)).sum())
