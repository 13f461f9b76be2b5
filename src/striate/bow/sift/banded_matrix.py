"""Banded matrices: products by a few dense blocks instead of one large one.

The rows of a filter along an axis are zero but for a short stretch. Rows are taken together in blocks; each block is
multiplied only with the stretch that its rows touch. On 300 pixels that is a fifth of the work of the full product, at
the same speed per flop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True)
class BandBlock:
    """Rows `top` to `bottom` of a banded matrix, non-zero in columns `first` to `last`; `values` and its transpose."""

    top: int
    bottom: int
    first: int
    last: int
    values: torch.Tensor
    turned: torch.Tensor


class BandedMatrix:
    """A banded (P, L) matrix in float32, cut into blocks of at most `rows` rows.

    >>> eye = BandedMatrix(np.eye(5), rows=2)
    >>> [(block.first, block.last) for block in eye.blocks]
    [(0, 2), (2, 4), (4, 5)]
    """

    def __init__(self, matrix: NDArray[np.float64], rows: int) -> None:
        self.rows = len(matrix)
        self.blocks = [_block(matrix, top, min(top + rows, len(matrix))) for top in range(0, len(matrix), rows)]

    def left(self, right: torch.Tensor, out: torch.Tensor) -> None:
        """Write matrix · right, (P, L) · (L, N), to `out` (P, N)."""
        for block in self.blocks:
            torch.mm(block.values, right[block.first : block.last], out=out[block.top : block.bottom])

    def right(self, left: torch.Tensor, out: torch.Tensor) -> None:
        """Write left · matrixᵀ, (M, L) · (L, P), to `out` (M, P)."""
        for block in self.blocks:
            torch.mm(left[:, block.first : block.last], block.turned, out=out[:, block.top : block.bottom])


def _block(matrix: NDArray[np.float64], top: int, bottom: int) -> BandBlock:
    touched = np.flatnonzero(matrix[top:bottom].any(axis=0))
    first, last = (int(touched[0]), int(touched[-1]) + 1) if len(touched) else (0, 1)
    values = matrix[top:bottom, first:last].astype(np.float32)
    return BandBlock(top, bottom, first, last, torch.from_numpy(values),
                     torch.from_numpy(np.ascontiguousarray(values.T)))
