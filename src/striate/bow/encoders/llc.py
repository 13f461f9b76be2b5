"""Locality-constrained linear coding (Wang et al., CVPR 2010, section 3): a descriptor as a mean of its nearest words.

Among weights w that sum to 1, those that minimise |x − Σ w_j c_j|² + λ' |w|² over the k nearest words c. With
G = (C − x)(C − x)ᵀ and λ' = ridge · trace(G), as in the authors' program, they are (G + λ' I)⁻¹ 1, divided by their
sum.
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

BLOCK = 512  # descriptors whose (k, d) differences are in memory at once: 1.3 MB for k = 5, d = 128


class LLC(AssignmentEncoder):
    """LLC encoder: weights, possibly negative, of the nearest words, usually pooled by `max`; they sum to 1.

    Args:
        words: of the vocabulary.
        neighbours: words to a descriptor, at most `words`.
        ridge: how far weights are drawn towards equal ones; above 0.
        seed, iterations: of k-means, as in `striate.bow.vocabulary.Vocabulary`.
        skip_zero: leave out descriptors that are all zeros.
        threads: None is one for each core.

    >>> line = np.float32([[0], [4]])
    >>> encoder = LLC(words=2, neighbours=2).fit(line)
    >>> weights = encoder.encode(np.float32([[[1]]]), np.zeros((1, 2)), [np.array([0])])
    >>> np.sort(weights[0, 0]).round(2).tolist()  # 1 = 0.75 · 0 + 0.25 · 4
    [0.25, 0.75]

    """

    def __init__(self, words: WordCount = 1000, neighbours: Neighbours = 5,
                 ridge: Annotated[float, Real(1e-9, 1e3, BETWEEN)] = 1e-4, *, seed: Seed = 0,
                 iterations: Iterations = 100, skip_zero: Switch = False, threads: int | None = None) -> None:
        self.words, self.neighbours, self.ridge = words, neighbours, ridge
        self.seed, self.iterations, self.skip_zero, self.threads = seed, iterations, skip_zero, threads

    def _learn(self, rows: Floats, positions: Floats) -> None:
        super()._learn(rows, positions)
        self._index.search(rows[:1], self.neighbours, 1)  # refuses more neighbours than words

    def _codes(self, x: Floats) -> tuple[Words, Floats]:
        words, _ = self._index.search(x, self.neighbours, threads=1)
        rows, near = x.reshape(-1, x.shape[-1]), words.reshape(-1, self.neighbours)
        weights = np.empty(near.shape, np.float32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            weights[part] = self._solved(rows[part], near[part])
        return words, weights.reshape(words.shape)

    def _solved(self, x: Floats, near: Words) -> NDArray[np.float64]:
        apart = self.centres_[near] - x[:, None]
        gram = np.matmul(apart, apart.transpose(0, 2, 1)).astype(np.float64)
        trace = np.trace(gram, axis1=1, axis2=2)
        # A descriptor that lies on all of its words has no differences: any positive ridge gives equal weights.
        ridge = np.where(trace > 0, self.ridge * trace, 1.0)
        gram += ridge[:, None, None] * np.eye(self.neighbours)
        solved: NDArray[np.float64] = np.linalg.solve(gram, np.ones((*near.shape, 1)))[..., 0]
        weights: NDArray[np.float64] = solved / solved.sum(axis=1, keepdims=True)
        return weights

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        if self.neighbours > self.words:
            raise ValueError("there must be as many words as neighbours")
        shaped(arrays, {"centres": (self.words, None)})
        self._set_learnt(arrays["centres"])
