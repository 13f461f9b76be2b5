"""A mixture of Gaussians with diagonal covariances, learnt by EM on products of matrices (Dempster, Laird, Rubin 1977).

With z the descriptor standardised to mean 0 and deviation 1, the logarithm of w_k N(z; μ_k, σ_k²) is a constant plus
[z², z] · [−1/2σ_k², μ_k/σ_k²]: one product for all components, and another, q ᵀ [z², z], for all the sums of a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.bow.nearest_words import Floats, nearest, not_finite
from striate.bow.vocabulary import Vocabulary
from striate.core.executor import map_blocks

BLOCK = 4096
FLOOR = 1e-3  # of the variance of all descriptors: a component of equal descriptors would shrink to a point
REST = 1e-3  # EM ends when the mean log-likelihood rises by less


@dataclass(frozen=True)
class GaussianMixture:
    """Mixture of Gaussians: `weights` (K,) that sum to 1, `means` (K, d) and `variances` (K, d), float32.

    >>> mixture = GaussianMixture(np.float32([0.5, 0.5]), np.float32([[-1], [1]]), np.float32([[1], [1]]))
    >>> shares, log_likelihood = mixture.standard().posteriors(np.float32([[0, 0], [1, 1]]))
    >>> shares.round(3)  # in the middle, and at z = 1: variance 2 in all, so the shares are as exp(−2√2) to 1
    array([[0.5  , 0.5  ],
           [0.056, 0.944]], dtype=float32)

    """

    weights: Floats
    means: Floats
    variances: Floats

    def standard(self) -> StandardUnits:
        """The same mixture standardised to mean 0 and standard deviation 1, ready for use."""
        weights = self.weights.astype(np.float64)
        weights = weights / weights.sum()
        means, variances = self.means.astype(np.float64), self.variances.astype(np.float64)
        shift = weights @ means
        spread = np.sqrt(weights @ (variances + (means - shift) ** 2))
        return StandardUnits(shift, spread, weights, (means - shift) / spread, variances / spread**2)


class StandardUnits:
    """A mixture in standard units, for posteriors and moments; `shift` and `spread` (d,) standardise descriptors."""

    def __init__(self, shift: NDArray[np.float64], spread: NDArray[np.float64], weights: NDArray[np.float64],
                 means: NDArray[np.float64], variances: NDArray[np.float64]) -> None:
        self.shift, self.factor = shift.astype(np.float32), (1 / spread).astype(np.float32)
        self.weights, self.means, self.variances = weights, means, variances
        rows = np.concatenate([-0.5 / variances, means / variances], axis=1)
        self._columns = np.ascontiguousarray(rows.T, dtype=np.float32)
        logs = np.log(2 * np.pi * variances) + means**2 / variances
        self._constants = (np.log(weights) - 0.5 * logs.sum(axis=1)).astype(np.float32)

    def moments(self, x: Floats) -> Floats:
        """[z², z], (..., 2 d), of descriptors (..., d)."""
        d = x.shape[-1]
        both = np.empty((*x.shape[:-1], 2 * d), np.float32)
        z = both[..., d:]
        with np.errstate(invalid="ignore", over="ignore"):
            np.subtract(x, self.shift, out=z)
            np.multiply(z, self.factor, out=z)
            np.multiply(z, z, out=both[..., :d])
        return both

    def posteriors(self, moments: Floats) -> tuple[Floats, Floats]:
        """Posteriors of the components for descriptors, (..., K), and log-likelihoods in standard units, (...)."""
        with np.errstate(invalid="ignore", over="ignore"):
            shares = np.matmul(moments, self._columns)
            shares += self._constants
            largest = shares.max(axis=-1, keepdims=True)
            if not np.isfinite(largest).all():
                raise not_finite()
            shares -= largest
        np.exp(shares, out=shares)
        total = shares.sum(axis=-1, keepdims=True)
        shares *= 1 / total
        return shares, (largest + np.log(total))[..., 0]


def fit_gmm(rows: Floats, components: int, *, seed: int = 0, iterations: int = 100,
          threads: int | None = None) -> tuple[GaussianMixture, list[float]]:
    """Fit a mixture of `components` by EM, started from k-means; also the mean log-likelihood of each step.

    Args:
        rows: (M, d) float32, finite.
        components: at most as many as there are different rows.
        seed: of k-means.
        iterations: of EM, at most.
        threads: None is one for each core.

    Raises `DataError` (`too_few_descriptors`).

    """
    centres = Vocabulary(components, seed=seed, iterations=20, threads=threads).fit(rows).centres_
    shift = rows.mean(axis=0, dtype=np.float64)
    spread = rows.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1
    labels = nearest(rows, centres, threads)
    starts = range(0, len(rows), BLOCK)
    state = StandardUnits(shift, spread, np.full(components, 1 / components), (centres - shift) / spread,
                          np.ones(centres.shape))

    def step(start: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        moments = state.moments(rows[start : start + BLOCK])
        if hard:
            shares = (labels[start : start + BLOCK, None] == np.arange(components)).astype(np.float32)
            likelihood = 0.0
        else:
            shares, logs = state.posteriors(moments)
            likelihood = float(logs.sum(dtype=np.float64))
        return shares.sum(axis=0, dtype=np.float64), (shares.T @ moments).astype(np.float64), likelihood

    history: list[float] = []
    for turn in range(iterations + 1):
        hard = turn == 0
        parts = map_blocks(step, starts, threads)  # added up in the order of the blocks, so threads change nothing
        count = sum((part[0] for part in parts), np.zeros(components))
        sums = sum((part[1] for part in parts), np.zeros((components, 2 * rows.shape[1])))
        alive = (count > 1e-3)[:, None]  # a component without descriptors stays where it is
        safe = np.maximum(count, 1e-3)[:, None]
        squares, plain = np.split(sums / safe, 2, axis=1)
        means = np.where(alive, plain, state.means)
        variances = np.where(alive, np.maximum(squares - plain**2, FLOOR), state.variances)
        weights = np.maximum(count, 1e-3)
        state = StandardUnits(shift, spread, weights / weights.sum(), means, variances)
        if not hard:
            history.append(sum(part[2] for part in parts) / len(rows))
            if len(history) > 1 and history[-1] - history[-2] < REST:
                break
    return GaussianMixture(state.weights.astype(np.float32), (state.means * spread + shift).astype(np.float32),
                           (state.variances * spread**2).astype(np.float32)), history
