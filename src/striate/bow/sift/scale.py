"""SIFT of one plane at one scale, as a few matrix products and passes in cache.

1. gradient: smoothing and derivative are one product on each side of the picture.
2. orientation: the eight maps of gradient magnitude, interpolated between neighbouring directions. Within its octant a
   gradient lies between an axis and a diagonal; only its angle to the axis is needed, and comparisons say which octant.
3. pooling: two banded products with triangles, at the places the grid needs and nowhere else.
4. descriptors: pooled values are copied into place, limited and normalised, a few grid rows at a time.

What a limit does after an L2 normalisation is known from the norm alone, and the norm from sums over the pooled maps;
RootSIFT is the L2-normalised square root. So both kinds are: (root), copy, limit, normalise; four passes.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from striate.bow.sift.axis_plan import AxisPlan
from striate.bow.sift.grid import GridSettings
from striate.bow.sift.linear_filters import BINS

ORIENTATIONS = 8
WIDTH = BINS * BINS * ORIENTATIONS
LIMIT = 0.2  # of the norm: no value may be larger, so that no single strong edge decides
STRIP = 30_000  # pixels in a strip: small enough for the cache, large enough that starting an operation costs little
CHUNK = 2_048  # descriptors normalised at once: one megabyte
TINY = 1e-30
TO_OCTANT = 4 / math.pi * (1 - 5e-7)  # so that the last digit of an arctan never makes an octant larger than 1


class Workspace:
    """Arena of float32 memory, so that no step allocates: pieces are taken one by one and freed all at once."""

    def __init__(self, floats: int) -> None:
        self._memory, self._used = torch.empty(floats), 0

    def clear(self) -> None:
        """Free all pieces."""
        self._used = 0

    def take(self, *shape: int) -> torch.Tensor:
        """A piece of this shape, float32, aligned to 64 bytes, not zeroed."""
        size = math.prod(shape)
        piece = self._memory[self._used : self._used + size].view(shape)
        self._used += -(-size // 16) * 16
        return piece


class ScalePlan:
    """Plan of all descriptors with bins of `size` pixels on pictures of height×width.

    window: `flat` or `gaussian`. floor: the mean gradient magnitude, in grey levels a pixel, below which a descriptor
    is zero. root: RootSIFT (Arandjelović & Zisserman 2012) instead of SIFT.
    """

    def __init__(self, height: int, width: int, choice: GridSettings, size: int, *, window: str, floor: float,
                 root: bool) -> None:
        self.rows = AxisPlan.prepared(height, choice, size, window)
        self.columns = self.rows if height == width else AxisPlan.prepared(width, choice, size, window)
        self.floor, self.root = floor * self.rows.mass * self.columns.mass, root
        self.count = self.rows.count * self.columns.count
        strips = max(1, round(self.rows.long * self.columns.long / STRIP))
        self.strip = -(-self.rows.long // strips)

    @property
    def floats(self) -> int:
        """The size of the `Workspace` that one call needs."""
        height, long, wide = self.rows.length, self.rows.long, self.columns.long
        down, across = self.rows.pool.rows, self.columns.pool.rows
        strip = self.strip * wide * (8 + ORIENTATIONS)
        return (2 * (height + long) * wide + long * ORIENTATIONS * across + strip
                + down * ORIENTATIONS * (across + BINS * self.columns.count) + 10 * (down * across + self.count) + 1024)

    def describe(self, plane: torch.Tensor, out: torch.Tensor, space: Workspace) -> None:
        """Write the descriptors of `plane` (H, W) float32 to `out` (count, 128)."""
        space.clear()
        pooled = self._pooled(plane, space)
        limit, keep = self._limits(pooled, space)
        if self.root:
            np.sqrt(pooled.numpy(), out=pooled.numpy())  # several times as fast as torch's
        self._write(pooled, limit, keep, out, space)

    def _pooled(self, plane: torch.Tensor, space: Workspace) -> torch.Tensor:
        """Orientation maps pooled at all places, (P rows, 8, P columns)."""
        long, wide, across = self.rows.long, self.columns.long, self.columns.pool.rows
        flat, steep = space.take(2, self.rows.length, wide)
        self.columns.smooth.right(plane, flat)
        self.columns.slope.right(plane, steep)
        right, down = space.take(2, long, wide)
        self.rows.smooth.left(steep, right)
        self.rows.slope.left(flat, down)
        maps, work = space.take(self.strip, ORIENTATIONS, wide), space.take(8, self.strip, wide)
        thin = space.take(long, ORIENTATIONS, across)
        for top in range(0, long, self.strip):
            bottom = min(top + self.strip, long)
            some = maps[: bottom - top]
            orientations(right[top:bottom], down[top:bottom], some, work[:, : bottom - top])
            self.columns.pool.right(some.view(-1, wide), thin[top:bottom].view(-1, across))
        pooled = space.take(self.rows.pool.rows, ORIENTATIONS, across)
        self.rows.pool.left(thin.view(long, -1), pooled.view(len(pooled), -1))
        return pooled

    def _limits(self, pooled: torch.Tensor, space: Workspace) -> tuple[torch.Tensor, torch.Tensor]:
        """For each descriptor the largest value allowed, and 1 if its contrast is enough, else 0; (count, 1) each."""
        down, _, across = pooled.shape
        total, half = space.take(down, across), space.take(self.rows.count, across)
        mass, energy = space.take(2, self.rows.count, self.columns.count)
        torch.sum(pooled, dim=1, out=total)
        torch.mm(self.rows.lift, total, out=half)
        torch.mm(half, self.columns.lift.T, out=mass)
        squares = space.take(*pooled.shape)
        torch.mul(pooled, pooled, out=squares)
        torch.sum(squares, dim=1, out=total)
        torch.mm(self.rows.lift_squares, total, out=half)
        torch.mm(half, self.columns.lift_squares.T, out=energy)
        energy.sqrt_().mul_(LIMIT)
        if self.root:
            energy.sqrt_()
        return energy.view(-1, 1), torch.ge(mass, self.floor, out=mass).view(-1, 1)

    def _write(self, pooled: torch.Tensor, limit: torch.Tensor, keep: torch.Tensor, out: torch.Tensor,
               space: Workspace) -> None:
        high, wide, step_y, step_x = self.rows.count, self.columns.count, self.rows.stride, self.columns.stride
        power = 0.5 if self.root else 1.0
        gathered = space.take(len(pooled), wide, BINS, ORIENTATIONS)
        last = pooled.permute(0, 2, 1)  # orientation last, as in a descriptor
        for bin_x, (start, weight) in enumerate(zip(self.columns.starts, self.columns.weights, strict=True)):
            torch.mul(last[:, start :: step_x][:, :wide], weight**power, out=gathered[:, :, bin_x])
        lines = gathered.view(len(pooled), wide, -1)
        norms = space.take(self.count, 1)
        several = max(1, CHUNK // wide)
        for top in range(0, high, several):
            bottom = min(top + several, high)
            part = slice(top * wide, bottom * wide)
            chunk, norm = out[part], norms[part]
            boxes = chunk.view(bottom - top, wide, BINS, -1)
            for bin_y, (start, weight) in enumerate(zip(self.rows.starts, self.rows.weights, strict=True)):
                torch.mul(lines[start + step_y * top :: step_y][: bottom - top], weight**power, out=boxes[:, :, bin_y])
            torch.minimum(chunk, limit[part], out=chunk)
            torch.linalg.vector_norm(chunk, dim=1, keepdim=True, out=norm)
            chunk.mul_(torch.div(keep[part], norm.clamp_min_(TINY), out=norm))


def orientations(right: torch.Tensor, down: torch.Tensor, out: torch.Tensor, work: torch.Tensor) -> None:
    """Spread gradients over 8 directions: `right`, `down` (h, w) into `out` (h, 8, w); `work` is (8, h, w) of memory.

    Direction k is at k · 45° from right towards down, clockwise as pictures are seen. A gradient's magnitude is shared
    by its two neighbours in proportion to the angle.

    >>> maps = torch.empty(1, 8, 2)
    >>> orientations(torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, -2.0]]), maps, torch.empty(8, 1, 2))
    >>> maps[0, :, 0].tolist(), maps[0, :, 1].tolist()  # 3 to the right, 2 upwards
    ([3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0])
    """
    wide, high, diagonal, axis, flatter, rightwards, downwards, part = work
    torch.mul(right, right, out=axis)
    torch.addcmul(axis, down, down, out=axis)
    np.sqrt(axis.numpy(), out=axis.numpy())
    torch.abs(right, out=wide)
    torch.abs(down, out=high)
    torch.ge(wide, high, out=flatter)
    torch.maximum(wide, high, out=part)
    torch.minimum(wide, high, out=diagonal)
    np.arctan2(diagonal.numpy(), part.numpy(), out=diagonal.numpy())
    torch.mul(diagonal, TO_OCTANT, out=diagonal)  # 0 on an axis, 1 on a diagonal
    torch.mul(diagonal, axis, out=diagonal)
    torch.sub(axis, diagonal, out=axis)
    torch.gt(right, 0, out=rightwards)
    torch.gt(down, 0, out=downwards)
    # Each product with a 0 or a 1 keeps one side, and what is left is the other side: exact in floating point.
    torch.mul(axis, flatter, out=wide)
    torch.sub(axis, wide, out=high)
    _split(wide, rightwards, out[:, 0], out[:, 4])
    _split(high, downwards, out[:, 2], out[:, 6])
    _split(diagonal, downwards, wide, high)
    _split(wide, rightwards, out[:, 1], out[:, 3])
    _split(high, rightwards, out[:, 7], out[:, 5])


def _split(values: torch.Tensor, mask: torch.Tensor, yes: torch.Tensor, no: torch.Tensor) -> None:
    torch.mul(values, mask, out=yes)
    torch.sub(values, yes, out=no)
