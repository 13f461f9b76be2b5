"""Additive kernels of histograms, four of them: exact, and as explicit feature maps for linear classifiers.

    linear        Σ x y
    hellinger     Σ √(x y)
    intersection  Σ min(x, y)
    chi2          Σ 2 x y / (x + y)        a term with x = y = 0 counts 0

`exact` computes the kernel; `map` gives features whose dot products are the kernel: exactly for `linear` (x itself)
and `hellinger` (√x), approximately for the other two, by the homogeneous kernel maps of Vedaldi & Zisserman, "Efficient
additive kernels via explicit feature maps" (PAMI 2012). A kernel with k(cx, cy) = c k(x, y) is √(xy) K(log y − log x);
its signature K is made periodic (section 4: rectangular window, period Λ) and written as a Fourier series, whose first
n frequencies give 2n + 1 features for each x. n = 1 here; Λ is the paper's fit of the best period for each n.

The terms are computed in float32 and added in float32 by blocks, the blocks in float64: about six digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log, pi, sqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from striate.core.executor import map_ordered, worker_count
from striate.errors import DataError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
COLUMNS = 4096  # bins at once
CACHED = 1 << 18  # terms at once: 1 MiB, which fits the second-level cache


@dataclass(frozen=True)
class Kernel:
    """One additive kernel: `exact` and `map`, both for histograms in rows, (n, D) float32.

    >>> x, y = np.array([[1, 3]], np.float32), np.array([[3, 1]], np.float32)
    >>> KERNELS["chi2"].exact(x, y)  # 2·(3/4 + 3/4)
    array([[3.]])
    >>> KERNELS["chi2"].map(x).shape, (KERNELS["chi2"].map(x) @ KERNELS["chi2"].map(y).T).round(2)
    ((1, 6), array([[3.02]], dtype=float32))
    """

    name: str

    def exact(self, X: Floats, Y: Floats | None = None) -> NDArray[np.float64]:
        """The kernel of each row of X with each of Y (None: X itself, at half the work), (n, m) float64."""
        raise NotImplementedError

    def map(self, X: Floats, out: Floats | None = None) -> Floats:
        """The features of each row, (n, `width(D)`) float32, into `out` where given."""
        raise NotImplementedError

    def per_bin(self, x: Doubles, y: Doubles) -> Doubles:
        """The term of each bin in the kernel, float64, x broadcast with y; x must not be 0."""
        raise NotImplementedError

    def diagonal(self, X: Floats) -> NDArray[np.float64]:
        """The kernel of each row with itself, (n,) float64: the row's sum, for all but `linear`."""
        return np.asarray(X.sum(axis=1, dtype=np.float64))

    def width(self, columns: int) -> int:
        """Width of the feature map of `columns` bins."""
        return columns

    def distances(self, X: Floats, Y: Floats) -> NDArray[np.float64]:
        """k(x, x) + k(y, y) − 2 k(x, y), (n, m) float64: the squared distance in the kernel's feature space.

        linear: the squared Euclidean one; hellinger: Σ (√x − √y)²; intersection: Σ |x − y|; chi2: Σ (x − y)² / (x + y).
        For histograms that sum to 1 these are 2 (1 − k(x, y)), so they order neighbours as 1 − k does.

        >>> KERNELS["intersection"].distances(np.array([[1, 3]], np.float32), np.array([[3, 2]], np.float32))
        array([[3.]])
        """
        distances = self.exact(X, Y)
        distances *= -2
        distances += self.diagonal(X)[:, None]
        distances += self.diagonal(Y)
        return distances.clip(min=0, out=distances)

    def check(self, X: Floats) -> None:
        """Refuse negative bins (`negative_features`): these kernels compare histograms."""
        for rows in _blocks(len(X), 1024):
            if X[rows].size and X[rows].min() < 0:
                raise DataError("negative_features", f"histograms were to be compared with the {self.name} kernel",
                                allowed="numbers from 0 up are allowed", given=f"{X[rows].min():g} was given",
                                do='Use kernel="linear" for features with a sign')


@dataclass(frozen=True)
class Linear(Kernel):
    """Linear kernel Σ x y, of any real numbers."""

    def exact(self, X: Floats, Y: Floats | None = None) -> NDArray[np.float64]:
        """X·Yᵀ, multiplied in float32."""
        return (X @ (X if Y is None else Y).T).astype(np.float64)

    def map(self, X: Floats, out: Floats | None = None) -> Floats:
        """X itself, no copy, unless `out` is given."""
        if out is None:
            return X
        out[...] = X
        return out

    def per_bin(self, x: Doubles, y: Doubles) -> Doubles:
        """X y."""
        return np.multiply(x, y)

    def diagonal(self, X: Floats) -> NDArray[np.float64]:
        """Σ x²."""
        return np.asarray(np.einsum("nd,nd->n", X, X), np.float64)

    def check(self, X: Floats) -> None:
        """Nothing to refuse."""


@dataclass(frozen=True)
class Hellinger(Kernel):
    """Hellinger kernel Σ √(x y), also called the Bhattacharyya coefficient."""

    def exact(self, X: Floats, Y: Floats | None = None) -> NDArray[np.float64]:
        """√X·√Yᵀ, multiplied in float32."""
        root = np.sqrt(X)
        return (root @ (root if Y is None else np.sqrt(Y)).T).astype(np.float64)

    def map(self, X: Floats, out: Floats | None = None) -> Floats:
        """√X, exact."""
        root: Floats = np.sqrt(X, out=out)
        return root

    def per_bin(self, x: Doubles, y: Doubles) -> Doubles:
        """√(x y)."""
        return np.asarray(np.sqrt(x * y))


@dataclass(frozen=True)
class Homogeneous(Kernel):
    """Homogeneous kernel √(xy) K(log y − log x): `bins` computes its terms, `term` their sum for a row in float32.

    `signature` is K, `period` Λ and `order` n.
    """

    bins: Callable[[Doubles, Doubles], Doubles]
    term: Callable[[Floats, Floats], NDArray[np.float64]]
    signature: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    period: float
    order: int = 1

    def exact(self, X: Floats, Y: Floats | None = None) -> NDArray[np.float64]:
        """The kernel, row by row over non-empty bins, against blocks of Y; threads do not change the bits."""
        other = X if Y is None else Y
        kernel = np.empty((len(X), len(other)))
        filled = [np.flatnonzero(row) for row in X]
        usual = max(1, sum(map(len, filled)) // max(1, len(filled)))

        def fill(block: slice) -> None:
            bins = np.ascontiguousarray(other[block].T)
            for i in range(block.start if Y is None else 0, len(X)):
                parts = (filled[i][part] for part in _blocks(len(filled[i]), COLUMNS))
                kernel[i, block] = sum((self.term(X[i, part], bins[part]) for part in parts), np.zeros(bins.shape[1]))

        blocks = list(_blocks(len(other), max(64, CACHED // min(usual, COLUMNS))))
        list(map_ordered(fill, blocks, worker_count(None)))
        if Y is None:
            lower = np.tril(kernel)
            kernel = lower + np.tril(kernel, -1).T
        return kernel

    def map(self, X: Floats, out: Floats | None = None) -> Floats:
        """The 2n + 1 features side by side, each D wide: √x √κ₀, then √x √(2κⱼ) cos and sin of j L log x."""
        columns = X.shape[1]
        if out is None:
            out = np.empty((len(X), self.width(columns)), np.float32)
        step = np.float32(2 * pi / self.period)
        for rows in _blocks(len(X), max(1, (1 << 18) // max(1, columns))):
            x, into = X[rows], out[rows]
            root, angle = np.sqrt(x), np.log(np.maximum(x, np.finfo(np.float32).tiny)) * step
            np.multiply(root, np.float32(sqrt(self.spectrum[0])), out=into[:, :columns])
            for j in range(1, self.order + 1):
                scaled = root * np.float32(sqrt(2 * self.spectrum[j]))
                for part, wave in ((2 * j - 1, np.cos), (2 * j, np.sin)):
                    feature = into[:, part * columns : (part + 1) * columns]
                    np.multiply(wave(angle * np.float32(j)), scaled, out=feature)
        return out

    def per_bin(self, x: Doubles, y: Doubles) -> Doubles:
        """The smaller of x and y, or 2 x y / (x + y)."""
        return self.bins(x, y)

    def width(self, columns: int) -> int:
        """(2n + 1)·`columns`."""
        return (2 * self.order + 1) * columns

    @cached_property
    def spectrum(self) -> NDArray[np.float64]:
        """κ₀…κₙ: the Fourier coefficients of the signature within one period, (n + 1,) float64."""
        samples = 1 << 14
        # The midpoint rule on half a period.
        lag = np.asarray((np.arange(samples) + 0.5) * (self.period / 2 / samples), np.float64)
        waves = np.cos(np.arange(self.order + 1)[:, None] * (2 * pi / self.period) * lag)
        return np.asarray(np.maximum((waves * self.signature(lag)).mean(axis=1), 0), np.float64)


def _blocks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def _harmonic(x: Doubles, y: Doubles) -> Doubles:
    return 2 * x * y / (x + y)


def _minimum(row: Floats, others: Floats) -> NDArray[np.float64]:
    return np.asarray(np.minimum(others, row[:, None], out=others).sum(axis=0), np.float64)


def _chi2(row: Floats, others: Floats) -> NDArray[np.float64]:
    # The row's bins are positive here, so that nothing is divided by 0.
    total = others + row[:, None]
    np.divide(others, total, out=total)
    return np.asarray(2 * np.einsum("d,dm->m", row, total), np.float64)


# Vedaldi & Zisserman 2012, section 5 and figure 3: the best periods follow these curves in n, here n = 1.
KERNELS: MappingProxyType[str, Kernel] = MappingProxyType({
    "linear": Linear("linear"),
    "hellinger": Hellinger("hellinger"),
    "intersection": Homogeneous("intersection", np.minimum, _minimum, lambda lag: np.exp(-np.abs(lag) / 2),
                                2 * log(1.99) + 3.52),
    "chi2": Homogeneous("chi2", _harmonic, _chi2, lambda lag: 1 / np.cosh(lag / 2), 8.80 * sqrt(5.44) - 12.6),
})
