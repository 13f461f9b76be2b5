"""Soft assignment: the kernel codebook of van Gemert et al., Visual Word Ambiguity (PAMI 2010), over the nearest words.

A descriptor gives word j the weight exp(−d_j²/2σ²) / Σ exp(−d²/2σ²) ("codeword uncertainty"). Unlike the paper, the
sum runs over the k nearest words only, which Liu, Wang & Liu, In Defense of Soft-assignment Coding (ICCV 2011), found
better.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders.assignment import AssignmentEncoder
from striate.bow.encoders.encoder_params import BETWEEN, Neighbours, Switch
from striate.bow.nearest_words import Floats, Words
from striate.bow.vocabulary import Iterations, Seed, WordCount
from striate.core.constraints import Real
from striate.core.model_file import shaped


class Soft(AssignmentEncoder):
    """Soft assignment encoder: weights of a Gaussian kernel on the nearest words; those of one descriptor sum to 1.

    Args:
        words: of the vocabulary.
        neighbours: how many words a descriptor is assigned to, at most `words`.
        bandwidth: factor on the σ chosen from the data: with 1, the farthest of a descriptor's neighbours weighs 1/e of
            the nearest, where the difference of their squared distances is average.
        seed, iterations: of k-means, as in `striate.bow.vocabulary.Vocabulary`.
        skip_zero: leave out descriptors that are all zeros.
        threads: None is one for each core.

    Learnt: `centres_` (words, d) and `sigma_`, in the unit of the descriptors.

    >>> points = np.float32([[0, 0], [0, 2], [8, 8], [8, 10]])
    >>> encoder = Soft(words=2, neighbours=2).fit(points)
    >>> vectors = encoder.encode(points[None], np.zeros((4, 2)), [np.arange(4)])
    >>> vectors.shape, float(vectors.sum())  # four descriptors, each with weights that sum to 1
    ((1, 1, 2), 4.0)

    """

    def __init__(self, words: WordCount = 1000, neighbours: Neighbours = 5,
                 bandwidth: Annotated[float, Real(1e-3, 1e3, BETWEEN)] = 1.0, *, seed: Seed = 0,
                 iterations: Iterations = 100, skip_zero: Switch = False, threads: int | None = None) -> None:
        self.words, self.neighbours, self.bandwidth = words, neighbours, bandwidth
        self.seed, self.iterations, self.skip_zero, self.threads = seed, iterations, skip_zero, threads

    def _learn(self, rows: Floats, positions: Floats) -> None:
        super()._learn(rows, positions)
        # The search refuses too few words.
        squared = self._index.search(rows[:: max(1, len(rows) // 50_000)], self.neighbours, self.threads)[1]
        gap = float((squared[:, -1] - squared[:, 0]).astype(np.float64).mean())
        self.sigma_ = float(np.float32(self.bandwidth * np.sqrt(gap / 2))) or 1.0  # one word, or all equally far: any σ

    def _codes(self, x: Floats) -> tuple[Words, Floats]:
        words, squared = self._index.search(x, self.neighbours, threads=1)
        weights = np.exp((squared[..., :1] - squared) / np.float32(2 * self.sigma_**2))
        return words, weights / weights.sum(axis=-1, keepdims=True)

    def _to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"centres": self.centres_, "sigma": np.array([self.sigma_], np.float32)}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        shaped(arrays, {"centres": (self.words, None), "sigma": (1,)})
        if self.neighbours > self.words or not arrays["sigma"][0] > 1e-12:
            raise ValueError("there must be as many words as neighbours, and sigma must be positive")
        self.sigma_ = float(arrays["sigma"][0])
        self._set_learnt(arrays["centres"])
