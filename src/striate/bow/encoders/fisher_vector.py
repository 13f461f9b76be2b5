"""Fisher vectors: the gradient of a picture's log-likelihood under a mixture of Gaussians, by its parameters.

Sánchez, Perronnin, Mensink & Verbeek, Image Classification with the Fisher Vector (IJCV 2013), equations 16 to 18, with
q_k the posterior of component k and N the descriptors of a region:

    means      1 / (N √w_k)   Σ q_k (x − μ_k) / σ_k
    variances  1 / (N √2w_k)  Σ q_k ((x − μ_k)² / σ_k² − 1)
    weights    1 / (N √w_k)   Σ (q_k − w_k)              (with `weights`)

The signed square root and the L2 norm that make it the improved vector of Perronnin, Sánchez & Mensink (ECCV 2010) are
`power` and `l2` (or `region_l2`) of the pyramid. No posterior is dropped: the products of matrices would not be faster.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders import gmm, pca
from striate.bow.encoders.encoder import Encoder
from striate.bow.encoders.encoder_params import Augment, Dims, Switch
from striate.bow.encoders.gmm import GaussianMixture
from striate.bow.nearest_words import Floats
from striate.bow.vocabulary import Iterations, Seed, WordCount
from striate.core.model_file import shaped


class Fisher(Encoder):
    """Fisher vector encoder: gradients for means and variances, 2 × components × reduced dimensions.

    Args:
        components: of the mixture.
        dims: principal components kept; None keeps the descriptors as they are.
        weights: whether the gradients for the weights, one for each component, are appended.
        augment: above 0, the position (y, x) is two further dimensions of the reduced descriptor; its size matters only
            for where k-means starts the mixture, as Fisher vectors do not depend on units.
        seed: of k-means.
        iterations: of EM, at most.
        skip_zero: leave out descriptors that are all zeros.
        threads: None is one for each core.

    Learnt: `reduction_`, `mixture_`, `history_` (mean log-likelihood of each step of EM, in standard units).

    >>> points = np.float32([[0, 0], [0, 2], [8, 8], [8, 10]])
    >>> encoder = Fisher(components=1, dims=1).fit(points)
    >>> encoder.width  # one component, one mean and one variance
    2
    >>> vector = encoder.encode(points[None], np.zeros((4, 2)), [np.arange(4)])
    >>> bool(np.abs(vector).max() < 1e-6)  # one Gaussian fits what it was learnt from: nothing would change it
    True

    """

    def __init__(self, components: WordCount = 64, dims: Dims = 64, *, weights: Switch = False, augment: Augment = 0.0,
                 seed: Seed = 0, iterations: Iterations = 100, skip_zero: Switch = False,
                 threads: int | None = None) -> None:
        self.components, self.dims, self.weights, self.augment = components, dims, weights, augment
        self.seed, self.iterations, self.skip_zero, self.threads = seed, iterations, skip_zero, threads

    @property
    def width(self) -> int:
        """2 × components × reduced dimensions, and one more for each component with `weights`."""
        return 2 * self.mixture_.means.size + self.weights * len(self.mixture_.weights)

    @property
    def words_(self) -> Floats:
        """The means of the components, (K, dims) float32."""
        return self.mixture_.means

    def _reduced(self, x: Floats, positions: Floats) -> Floats:
        return self.reduction_(x, positions)

    def _learn(self, rows: Floats, positions: Floats) -> None:
        self.reduction_ = pca.fit_pca(rows, self.dims, self.augment)
        found, self.history_ = gmm.fit_gmm(self.reduction_(rows, positions), self.components, seed=self.seed,
                                           iterations=self.iterations, threads=self.threads)
        self._set_learnt(found)

    def _set_learnt(self, found: GaussianMixture) -> None:
        self.mixture_, self._standard = found, found.standard()
        count, means, variances = self._standard.weights, self._standard.means, self._standard.variances
        root = np.sqrt(count)[:, None]
        one = np.float32
        # The gradients as sums of S0 = Σ q, S1 = Σ q z and S2 = Σ q z², with their factors.
        self._means = one(1 / (np.sqrt(variances) * root)), one(-means / (np.sqrt(variances) * root))
        half = np.sqrt(2) * root
        self._spreads = (one(1 / (variances * half)), one(-2 * means / (variances * half)),
                         one((means**2 / variances - 1) / half))

    def _collect(self, x: Floats, positions: Floats, alive: NDArray[np.bool_] | None, starts: NDArray[np.intp],
                 pool: str) -> Floats:
        del pool
        moments = self._standard.moments(self._reduced(x, positions))
        shares, _ = self._standard.posteriors(moments)
        if alive is not None:
            shares *= alive[..., None]
        components, twice = len(self.mixture_.weights), moments.shape[-1]
        collected = np.empty((len(x), len(starts) - 1, components, twice + 1), np.float32)
        for s, (a, b) in enumerate(pairwise(starts)):
            collected[:, s, :, :twice] = np.matmul(shares[:, a:b].transpose(0, 2, 1), moments[:, a:b])
            collected[:, s, :, twice] = shares[:, a:b].sum(axis=1)
        return collected.reshape(len(x), len(starts) - 1, components * (twice + 1))

    def _finish(self, collected: Floats, counts: NDArray[np.int64]) -> Floats:
        components, d = self.mixture_.means.shape
        shape = (*collected.shape[:2], components, 2 * d + 1)
        whole = collected.reshape(shape) / np.maximum(counts, 1).astype(np.float32)[..., None, None]
        squares, plain, held = whole[..., :d], whole[..., d : 2 * d], whole[..., 2 * d :]
        vectors = np.empty((*shape[:2], self.width), np.float32)
        size = components * d
        vectors[..., :size] = (plain * self._means[0] + held * self._means[1]).reshape(*shape[:2], size)
        gradient = squares * self._spreads[0]
        gradient += plain * self._spreads[1]
        gradient += held * self._spreads[2]
        vectors[..., size : 2 * size] = gradient.reshape(*shape[:2], size)
        if self.weights:
            share = self._standard.weights.astype(np.float32)
            vectors[..., 2 * size :] = (held[..., 0] - share) / np.sqrt(share)
        return vectors

    def _to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"weights": self.mixture_.weights, "means": self.mixture_.means, "variances": self.mixture_.variances,
                **self.reduction_.arrays()}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.reduction_, self.channels_ = pca.pca_from_arrays(arrays, "means", self.dims, self.augment)
        inner = self.reduction_.dims(self.channels_)
        shaped(arrays, {"weights": (self.components,), "means": (self.components, inner),
                        "variances": (self.components, inner)})
        weights, variances = arrays["weights"], arrays["variances"]
        if not (weights > 0).all() or abs(float(weights.sum(dtype=np.float64)) - 1) > 1e-3:
            raise ValueError("weights must be positive and sum to 1")
        if not (variances > 1e-12).all():
            raise ValueError("variances must be positive")
        self._set_learnt(GaussianMixture(weights, arrays["means"], variances))
