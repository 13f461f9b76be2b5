"""Truncated Newton solver of many squared-hinge SVMs on the same pictures, one column for each class and fold.

Each column minimises ½‖w‖² + Σᵢ cᵢ max(0, 1 − yᵢ(w·xᵢ + b))², where ‖w‖² includes b² (one more feature that is
always 1, as LIBLINEAR has it); cᵢ is C, or 0 for a picture of the held-out fold. The method is that of Keerthi &
DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs" (JMLR 2005): conjugate
gradients for the Newton step, then the exact minimum along it. Every product is a dense float32 matrix product over all
columns, which makes it fast, and deterministic: there is no order of pictures and no seed.

The same steps run in two spaces. `Primal` stores w, D' + 1 values a column, and multiplies by the features X twice a
step: 2·n·D' products. `Dual` writes w = Xᵀu, stores u, n values a column, and multiplies by the Gram matrix once: n²
products, after n²·D'/2 for the matrix itself (Chapelle, "Training a support vector machine in the primal", 2007).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
STEPS = 100  # Newton steps; 5 to 20 are usual
ROUNDING = 3e-6  # of the first gradient's length: below is the noise of float32
CG_STEPS = 60  # products for one Newton step, at most
CG_TOLERANCE = 0.2  # of the gradient's length; a closer Newton step is not worth its products
SEARCHES = 8  # safeguarded Newton steps along a line


class SolverSpace(ABC):
    """Space of the solver: the products of columns with pictures, and the inner product of columns."""

    size: int

    @abstractmethod
    def part(self, rows: NDArray[np.int64]) -> SolverSpace:
        """The space of those pictures alone."""

    @abstractmethod
    def widened(self, columns: Floats, rows: NDArray[np.int64]) -> Floats:
        """Columns of `part(rows)` as columns of this space."""

    @abstractmethod
    def forward(self, columns: Floats) -> Floats:
        """Forward product, the decisions of each column for each picture: (size, P) → (n, P)."""

    @abstractmethod
    def adjoint(self, errors: Floats) -> Floats:
        """Adjoint of `forward`, for gradients: (n, P) → (size, P)."""

    @abstractmethod
    def dot(self, a: Floats, b: Floats, forward_b: Floats) -> NDArray[np.float64]:
        """The inner products of the weights, (P,) float64; `forward_b` is `forward(b)`."""


@dataclass
class Primal(SolverSpace):
    """Primal space: weights and, in the last row, the bias; `features` is (n, D') float32."""

    features: Floats

    def __post_init__(self) -> None:
        self.size = self.features.shape[1] + 1

    def part(self, rows: NDArray[np.int64]) -> Primal:
        """Those rows of the features."""
        return Primal(self.features[rows])

    def widened(self, columns: Floats, rows: NDArray[np.int64]) -> Floats:  # noqa: ARG002
        """The same weights."""
        return columns

    def forward(self, columns: Floats) -> Floats:
        """X·w + b."""
        decisions: Floats = self.features @ columns[:-1]
        decisions += columns[-1]
        return decisions

    def adjoint(self, errors: Floats) -> Floats:
        """Xᵀ·e, and the sum of e for the bias."""
        product = np.empty((self.size, errors.shape[1]), np.float32)
        np.matmul(self.features.T, errors, out=product[:-1])
        errors.sum(axis=0, out=product[-1])
        return product

    def dot(self, a: Floats, b: Floats, forward_b: Floats) -> NDArray[np.float64]:  # noqa: ARG002
        """Σ a·b."""
        return np.asarray(np.einsum("sp,sp->p", a, b), np.float64)


@dataclass
class Dual(SolverSpace):
    """Dual space: coefficients of the pictures; `gram` is (n, n) float32, the kernel plus 1 for the bias."""

    gram: Floats

    def __post_init__(self) -> None:
        self.size = len(self.gram)

    def part(self, rows: NDArray[np.int64]) -> Dual:
        """Those rows and columns of the Gram matrix."""
        return Dual(self.gram[np.ix_(rows, rows)])

    def widened(self, columns: Floats, rows: NDArray[np.int64]) -> Floats:
        """The other pictures count 0."""
        wide = np.zeros((self.size, columns.shape[1]), np.float32)
        wide[rows] = columns
        return wide

    def forward(self, columns: Floats) -> Floats:
        """G·u."""
        decisions: Floats = self.gram @ columns
        return decisions

    def adjoint(self, errors: Floats) -> Floats:
        """The coefficients are the errors themselves."""
        return errors

    def dot(self, a: Floats, b: Floats, forward_b: Floats) -> NDArray[np.float64]:  # noqa: ARG002
        """Aᵀ·G·b."""
        return np.asarray(np.einsum("sp,sp->p", a, forward_b), np.float64)


@dataclass
class Solution:
    """Solution of the solver: `columns` (size, P), their `decisions` (n, P), and its Newton steps and products."""

    columns: Floats
    decisions: Floats
    steps: int = 0
    products: int = 0


def solve(space: SolverSpace, targets: Floats, costs: Floats, start: Solution | None = None,
          tol: float = 0.01) -> Solution:
    """Minimise every column.

    Args:
        space: `Primal` or `Dual`.
        targets: +1 for the pictures of the column's class, −1 for all others, (n, P) float32.
        costs: cᵢ ≥ 0, (n, P) float32.
        start: an earlier solution for the same columns; None starts at 0.
        tol: a column is done when its gradient is at most `tol`·‖w‖ long. The objective bends upward by at least 1 in
            every direction, so w is then within `tol`·‖w‖ of the minimum. Rounding may end it earlier (`ROUNDING`).

    >>> x = np.array([[-1], [1]], np.float32)
    >>> y, c = np.array([[-1], [1]], np.float32), np.full((2, 1), 0.5, np.float32)
    >>> solve(Primal(x), y, c).columns.ravel()  # ½w² + (1 − w)² is least at w = 2/3
    array([0.6666667, 0.       ], dtype=float32)

    """
    columns = np.zeros((space.size, targets.shape[1]), np.float32) if start is None else start.columns.copy()
    decisions = np.zeros_like(targets) if start is None else start.decisions.copy()
    floor = ROUNDING * _length(space, space.adjoint(2 * costs * targets))
    done = Solution(columns, decisions, products=2)
    open_ = np.flatnonzero(floor > 0)
    for step in range(STEPS):
        y, c, w, f = targets[:, open_], costs[:, open_], columns[:, open_], decisions[:, open_]
        short = 1 - y * f
        active = 2 * c * (short > 0)
        downhill = space.adjoint(y * active * short) - w
        downhill_decisions = space.forward(downhill)
        squared = space.dot(downhill, downhill, downhill_decisions)
        reached = np.maximum(floor[open_] ** 2, tol**2 * space.dot(w, w, f))
        going = squared > reached
        done = replace(done, steps=step + 1, products=done.products + 2)
        if not going.any():
            break
        if not going.all():
            open_ = open_[going]
            y, c, w, f, short, active = (part[:, going] for part in (y, c, w, f, short, active))
            downhill, downhill_decisions, squared = downhill[:, going], downhill_decisions[:, going], squared[going]
        v, v_decisions, products = _newton_step(space, downhill, downhill_decisions, squared, active)
        length = _line_minimum(space.dot(v, w, f), space.dot(v, v, v_decisions), y * v_decisions, c, short)
        columns[:, open_] = w + v * length
        decisions[:, open_] = f + v_decisions * length
        done.products += products
    done.decisions = space.forward(columns)
    return done


def _length(space: SolverSpace, columns: Floats) -> NDArray[np.float64]:
    return np.sqrt(np.maximum(space.dot(columns, columns, space.forward(columns)), 0))


def _newton_step(space: SolverSpace, downhill: Floats, downhill_decisions: Floats, squared: NDArray[np.float64],
                 active: Floats) -> tuple[Floats, Floats, int]:
    """Conjugate gradients for (I + Xᵀ·active·X) v = downhill; returns v, its decisions, and the number of products."""
    residual, residual_decisions = downhill.copy(), downhill_decisions.copy()
    search, search_decisions = downhill.copy(), downhill_decisions.copy()
    v, v_decisions = np.zeros_like(downhill), np.zeros_like(downhill_decisions)
    enough = squared * CG_TOLERANCE**2
    products = 0
    for _ in range(CG_STEPS):
        products += 2
        product = search + space.adjoint(active * search_decisions)
        curve = space.dot(product, search, search_decisions)
        # A column that has converged, or that rounding keeps from going on, is not changed.
        size = np.where((squared > enough) & (curve > 0), squared / np.where(curve > 0, curve, 1), 0)
        size = size.astype(np.float32)
        v += size * search
        v_decisions += size * search_decisions
        residual -= size * product
        if not size.any():
            break
        residual_decisions = space.forward(residual)
        new = np.maximum(space.dot(residual, residual, residual_decisions), 0)
        if not (new > enough).any():
            break
        turn = (new / np.where(squared > 0, squared, 1)).astype(np.float32)
        search = residual + turn * search
        search_decisions = residual_decisions + turn * search_decisions
        squared = new
    return v, v_decisions, products


def _line_minimum(slope: NDArray[np.float64], curve: NDArray[np.float64], gain: Floats, costs: Floats,
                  short: Floats) -> Floats:
    """The t ≥ 0 that minimises ½‖w + t·v‖² + Σ c max(0, short − t·gain)² in each column, (P,) float32.

    The derivative is piecewise linear and grows; Newton's steps on it are kept within the best known bounds.
    """
    low, high = np.zeros_like(slope), np.full_like(slope, np.inf)
    t = np.ones_like(slope)
    for _ in range(SEARCHES):
        left = short - gain * t.astype(np.float32)
        pull = costs * gain * (left > 0)
        uphill = slope + t * curve - 2 * np.einsum("np,np->p", pull, left)
        bend = curve + 2 * np.einsum("np,np->p", pull, gain)
        low, high = np.where(uphill < 0, t, low), np.where(uphill >= 0, t, high)
        change = -uphill / np.where(bend > 0, bend, 1)
        following = t + change
        outside = (following <= low) | (following >= high)
        middle = np.where(np.isinf(high), 2 * np.maximum(low, 1), (low + high) / 2)
        small = np.abs(change) <= 1e-3 * t
        t = np.where(small, t, np.where(outside, middle, following))
        if small.all():
            break
    return t.astype(np.float32)
