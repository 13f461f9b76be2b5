"""Spatial pyramid: the picture is cut into grids, with one histogram for each cell, side by side.

Lazebnik, Schmid & Ponce, "Beyond bags of features: spatial pyramid matching for recognizing natural scene categories"
(CVPR 2006), section 3: level l of 0..L weighs 1/2^(L−l+1), level 0 weighs 1/2^L. The paper weighs the kernel; with
histogram intersection, χ² and Hellinger, which are homogeneous, weighing the histograms is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from striate.core.constraints import Each, OneOf, unquoted
from striate.core.estimator import Estimator
from striate.core.params import Refusal, check_params
from striate.errors import DataError

Floats = NDArray[np.float32]
MOST_CELLS = 4096
Choice = partial(OneOf, phrase="{words} are allowed")
GRIDS = Refusal("bad_grids", "the grids of a spatial pyramid were asked for", "Use ((1, 1), (2, 2), (4, 4))",
                given=unquoted)


@dataclass(frozen=True)
class GridSizes:
    """Constraint on the grids of a pyramid: (rows, columns) of each level."""

    allowed: str = f"pairs (rows, columns) from 1 up, {MOST_CELLS:,} cells in all, are allowed"

    def read(self, value: Any) -> tuple[tuple[int, int], ...]:
        """The pairs as tuples."""
        grids = tuple((int(rows), int(columns)) for rows, columns in value)
        if grids != tuple(map(tuple, value)) or min(map(min, grids), default=0) < 1:
            raise ValueError
        if sum(rows * columns for rows, columns in grids) > MOST_CELLS:
            raise ValueError
        return grids


class SpatialPyramid(Estimator):
    """Spatial pyramid: grids of cells over a picture, and the weighting and normalisation of their histograms.

    Args:
        grids: (rows, columns) of each level, in order; ((1, 1), (3, 1)) adds three horizontal bands to the whole.
        weights: `lazebnik`, the level weights of the 2006 paper, or `equal`, 1 each.
        pool: how an encoder pools the words of a cell, `sum` or `max`; not used here.
        normalise: steps applied in order to the joined vector: `l1` (sum of magnitudes 1), `l2` (length 1), `power`
            (signed square root) and `region_l2` (each cell to length 1, wherever it is named: before the level weights
            and all other steps). Zeros stay zeros.

    >>> pyramid = SpatialPyramid(((1, 1), (2, 2)))
    >>> pyramid.cells, pyramid.cell_weights.tolist()  # 1 + 4; L = 1: 1/2 for level 0, 1/2 for level 1
    (5, [0.5, 0.5, 0.5, 0.5, 0.5])
    >>> y = x = np.array([1.0, 7.0], np.float32)
    >>> [region.tolist() for region in pyramid.regions(y, x, 8, 8)]  # upper left and lower right
    [[0, 1], [0], [], [], [1]]
    >>> pyramid.join(np.array([[[2], [1], [0], [0], [1]]], np.float32))  # 2·½, 1·½ and 1·½ sum to 2
    array([[0.5 , 0.25, 0.  , 0.  , 0.25]], dtype=float32)

    """

    REFUSAL = Refusal("unknown_choice", "{name} of a spatial pyramid was asked for", "Choose one of these",
                      given=unquoted)

    def __init__(
        self,
        grids: Annotated[tuple[tuple[int, int], ...], GridSizes(), GRIDS] = ((1, 1), (2, 2), (4, 4)),
        weights: Annotated[Literal["lazebnik", "equal"], Choice("lazebnik", "equal")] = "lazebnik",
        pool: Annotated[Literal["sum", "max"], Choice("sum", "max")] = "sum",
        normalise: Annotated[
            tuple[str, ...], Each(Choice("l1", "l2", "power", "region_l2"), least=0, distinct="step")] = ("l1",),
    ) -> None:
        self.grids, self.weights, self.pool, self.normalise = grids, weights, pool, normalise

    @property
    def cells(self) -> int:
        """The number of cells of all grids: the factor by which the pyramid widens a histogram."""
        return sum(rows * columns for rows, columns in self.checked())

    @property
    def cell_weights(self) -> Floats:
        """The weight of each cell, (R,) float32, that of its level."""
        grids = self.checked()
        top = len(grids) - 1
        levels = [2.0 ** -(top - max(level, 1) + 1) if self.weights == "lazebnik" else 1.0 for level in range(top + 1)]
        return np.repeat(levels, [rows * columns for rows, columns in grids]).astype(np.float32)

    def regions(self, y: Floats, x: Floats, height: int, width: int) -> list[NDArray[np.int32]]:
        """The indices of the descriptors in each cell, R arrays of int32, grid by grid, row by row.

        Args:
            y: the centres of the descriptors, (D,) in pixels; 0 is the centre of the first pixel.
            x: the same, from left to right.
            height: of the picture, in pixels: it reaches from −0.5 to `height` − 0.5.
            width: of the picture, in pixels.

        A centre on the line between two cells belongs to the lower or right one; centres outside belong to the nearest.

        """
        down = (np.asarray(y, np.float64) + 0.5) / height
        right = (np.asarray(x, np.float64) + 0.5) / width
        found: list[NDArray[np.int32]] = []
        for rows, columns in self.checked():
            row = np.floor(down * rows).clip(0, rows - 1).astype(np.int64)
            cell = row * columns + np.floor(right * columns).clip(0, columns - 1).astype(np.int64)
            order = np.argsort(cell, kind="stable").astype(np.int32)
            found += np.split(order, np.searchsorted(cell[order], np.arange(1, rows * columns)))
        return found

    def join(self, histograms: Floats) -> Floats:
        """One vector for each picture, (n, R·width) float32, from (n, R, width): weighed, side by side, normalised."""
        if histograms.ndim != 3 or histograms.shape[1] != self.cells or not histograms.shape[2]:
            raise DataError("bad_cells", "the cells of a pyramid were to be joined",
                            allowed=f"an array (pictures, {self.cells}, width) is allowed",
                            given=f"shape {histograms.shape} was given", do="Encode the regions of the same pyramid")
        weighed = np.array(histograms, np.float32)
        steps = (self.normalise,) if isinstance(self.normalise, str) else self.normalise
        if "region_l2" in steps:
            weighed /= _or_one(np.sqrt(np.einsum("nrw,nrw->nr", weighed, weighed)))[..., None]
        weighed *= self.cell_weights[:, None]
        joined = weighed.reshape(len(weighed), -1)
        for name in steps:
            if name == "l1":
                joined /= _or_one(np.abs(joined).sum(axis=1, dtype=np.float64))[:, None].astype(np.float32)
            elif name == "l2":
                joined /= _or_one(np.sqrt(np.einsum("nd,nd->n", joined, joined)))[:, None]
            elif name == "power":
                np.copysign(np.sqrt(np.abs(joined)), joined, out=joined)
        return joined

    def checked(self) -> tuple[tuple[int, int], ...]:
        """The grids, after a check of all arguments; refuses `bad_grids` and `unknown_choice`."""
        grids: tuple[tuple[int, int], ...] = check_params(self)["grids"]
        return grids


def _or_one(lengths: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.where(lengths > 0, lengths, 1)
