"""Conversion of pictures to tensors and back for augmentation, and the reflection beyond their edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate.model.preprocessing import Pixels

Draws = NDArray[np.float32]  # uniform random numbers in 0..1


def as_tensor(pictures: Pixels) -> torch.Tensor:
    """Pictures (n, H, W, C) uint8 as a tensor (n, C, H, W), channels last; the memory is shared, if it is writable."""
    return torch.from_numpy(np.require(pictures, requirements=["C", "W"])).permute(0, 3, 1, 2)


def as_pictures(batch: torch.Tensor) -> NDArray[Any]:
    """The inverse: a tensor (n, C, H, W) as an array (n, H, W, C) of the same type, in the same memory."""
    pictures: NDArray[Any] = batch.permute(0, 2, 3, 1).numpy()
    return pictures


def to_bytes(batch: torch.Tensor) -> Pixels:
    """A float tensor (n, C, H, W) as pictures (n, H, W, C) uint8: rounded, and cut off at 0 and 255."""
    return np.ascontiguousarray(as_pictures(batch.round().clamp(0, 255).to(torch.uint8)))


def reflected(position: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """A `position` that may lie outside 0..`side` − 1, reflected into it; the edge is not repeated.

    >>> reflected(np.arange(-2, 6), 4).tolist()  # 1234 → 32123432
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    period = 2 * (side - 1) or 1
    inside = np.abs(position) % period
    return np.minimum(inside, period - inside) if side > 1 else inside


def span(draws: Draws, length: NDArray[np.int64], side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bounds, first and one after the last, of intervals of `length` (n,), clipped to a `side`.

    The centre is any of the `side` positions; it is chosen by `draws` (n,) in 0..1.

    >>> [bound.tolist() for bound in span(np.float32([0, 0.5, 0.99]), np.array([4, 4, 4]), 10)]
    [[0, 3, 7], [2, 7, 10]]
    """
    first = np.minimum((draws * side).astype(np.int64), side - 1) - length // 2
    return first.clip(0, side), (first + length).clip(0, side)
