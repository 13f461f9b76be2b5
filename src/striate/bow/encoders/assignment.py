"""Base of the encoders that assign a descriptor to a few words with weights: hard, soft, LLC."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders.encoder import Encoder
from striate.bow.nearest_words import Floats, NearestWords, Words
from striate.bow.vocabulary import Vocabulary
from striate.core.model_file import shaped


class AssignmentEncoder(Encoder):
    """Encoder with one dimension for each word: the sum, or the maximum, of the weights of descriptors for it.

    Learnt: `centres_` (words, d) float32.
    """

    POOLS = ("sum", "max")
    words: int
    seed: int
    iterations: int
    centres_: Floats

    @property
    def width(self) -> int:
        """One dimension for each word."""
        return len(self.centres_)

    @property
    def words_(self) -> Floats:
        """The words, (K, d) float32."""
        return self.centres_

    @abstractmethod
    def _codes(self, x: Floats) -> tuple[Words, Floats]:
        """Words (..., k), all different, and their weights (..., k) of descriptors (..., d)."""

    def _learn(self, rows: Floats, positions: Floats) -> None:
        del positions
        vocabulary = Vocabulary(self.words, seed=self.seed, iterations=self.iterations, threads=self.threads)
        self._set_learnt(vocabulary.fit(rows).centres_)

    def _set_learnt(self, centres: Floats) -> None:
        self.centres_, self.channels_ = centres, centres.shape[1]
        self._index = NearestWords(centres)

    def _collect(self, x: Floats, positions: Floats, alive: NDArray[np.bool_] | None, starts: NDArray[np.intp],
                 pool: str) -> Floats:
        del positions
        pictures, slices, width = len(x), len(starts) - 1, self.width
        words, weights = self._codes(x)
        slot = np.repeat(np.arange(slices), np.diff(starts))[None] + slices * np.arange(pictures)[:, None]
        keys = (slot[..., None] * width + words)[slice(None) if alive is None else alive].reshape(-1)
        values = weights[slice(None) if alive is None else alive].reshape(-1)
        size = pictures * slices * width
        shape = (pictures, slices, width)
        if pool == "sum":
            return np.bincount(keys, values, size).astype(np.float32).reshape(shape)
        largest = np.full(size, -np.inf, np.float32)
        np.maximum.at(largest, keys, values)
        # A descriptor without a weight for a word counts as zero: the maximum is negative only if all have one.
        named = np.bincount(keys, minlength=size).reshape(shape)
        there = np.diff(starts)[None] if alive is None else np.add.reduceat(alive, starts[:-1], axis=1, dtype=np.int64)
        some = largest.reshape(shape)
        return np.where(named < there[..., None], np.maximum(some, 0), some)

    def _to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"centres": self.centres_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        shaped(arrays, {"centres": (self.words, None)})
        self._set_learnt(arrays["centres"])
