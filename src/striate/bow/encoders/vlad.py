"""VLAD: for each word the sum of the residuals of its descriptors (Jégou et al., CVPR 2010; PAMI 2012).

Optional, after Arandjelović & Zisserman, All about VLAD (CVPR 2013): every word's part is scaled to length 1, so that
no word dominates ("intra-normalisation"). Residuals are taken after PCA where `dims` is given, as in PAMI 2012.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders import pca
from striate.bow.encoders.encoder import Encoder
from striate.bow.encoders.encoder_params import Augment, Dims, Switch
from striate.bow.nearest_words import Floats, NearestWords
from striate.bow.vocabulary import Iterations, Seed, Vocabulary, WordCount
from striate.core.model_file import shaped


class VLAD(Encoder):
    """VLAD encoder: sums of residuals, words × reduced dimensions.

    Args:
        words: of the vocabulary.
        dims: principal components kept; None keeps the descriptors as they are.
        intra: scale each word's part to length 1.
        augment: weight of the position (y, x) as two further dimensions: 1 gives it the spread of the first
            component, 0 leaves it out.
        seed, iterations: of k-means, as in `striate.bow.vocabulary.Vocabulary`.
        skip_zero: leave out descriptors that are all zeros.
        threads: None is one for each core.

    Learnt: `reduction_`, `centres_` (words, dims) float32.

    >>> points = np.float32([[0, 0], [0, 2], [8, 8], [8, 10]])
    >>> encoder = VLAD(words=2, intra=False).fit(points)
    >>> vector = encoder.encode(points[None, [0, 3]], np.zeros((2, 2)), [np.arange(2)])
    >>> np.sort(vector[0, 0]).tolist()  # (0, 0) − (0, 1) and (8, 10) − (8, 9)
    [-1.0, 0.0, 0.0, 1.0]

    """

    def __init__(self, words: WordCount = 64, dims: Dims = None, *, intra: Switch = True, augment: Augment = 0.0,
                 seed: Seed = 0, iterations: Iterations = 100, skip_zero: Switch = False,
                 threads: int | None = None) -> None:
        self.words, self.dims, self.intra, self.augment = words, dims, intra, augment
        self.seed, self.iterations, self.skip_zero, self.threads = seed, iterations, skip_zero, threads

    @property
    def width(self) -> int:
        """Words × reduced dimensions."""
        return self.centres_.size

    @property
    def words_(self) -> Floats:
        """The words, (K, dims) float32."""
        return self.centres_

    def _reduced(self, x: Floats, positions: Floats) -> Floats:
        return self.reduction_(x, positions)

    def _learn(self, rows: Floats, positions: Floats) -> None:
        self.reduction_ = pca.fit_pca(rows, self.dims, self.augment)
        vocabulary = Vocabulary(self.words, seed=self.seed, iterations=self.iterations, threads=self.threads)
        self._set_learnt(vocabulary.fit(self.reduction_(rows, positions)).centres_)

    def _set_learnt(self, centres: Floats) -> None:
        self.centres_, self._index = centres, NearestWords(centres)

    def _collect(self, x: Floats, positions: Floats, alive: NDArray[np.bool_] | None, starts: NDArray[np.intp],
                 pool: str) -> Floats:
        from scipy.sparse import csr_array  # here, because recognisers with other encoders need none of it

        del pool
        x = self._reduced(x, positions)
        words = self._index.search(x, 1, threads=1)[0][..., 0]
        apart = (x - self.centres_[words]).reshape(-1, x.shape[-1])
        slices = len(starts) - 1
        slot = np.repeat(np.arange(slices), np.diff(starts))[None] + slices * np.arange(len(x))[:, None]
        keys = (slot * len(self.centres_) + words).reshape(-1)
        living = np.arange(len(keys)) if alive is None else np.flatnonzero(alive)
        order = living[np.argsort(keys[living], kind="stable")]
        size = len(x) * slices * len(self.centres_)
        ends = np.append(0, np.cumsum(np.bincount(keys[living], minlength=size)))
        which = csr_array((np.ones(len(order), np.float32), order, ends), shape=(size, len(keys)))
        return np.asarray(which @ apart).reshape(len(x), slices, self.width)

    def _finish(self, collected: Floats, counts: NDArray[np.int64]) -> Floats:
        del counts
        if not self.intra:
            return collected
        parts = collected.reshape(*collected.shape[:2], *self.centres_.shape)
        length = np.linalg.norm(parts, axis=-1, keepdims=True)
        parts /= np.where(length > 0, length, 1)
        return parts.reshape(collected.shape)

    def _to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"centres": self.centres_, **self.reduction_.arrays()}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.reduction_, self.channels_ = pca.pca_from_arrays(arrays, "centres", self.dims, self.augment)
        shaped(arrays, {"centres": (self.words, self.reduction_.dims(self.channels_))})
        self._set_learnt(arrays["centres"])
