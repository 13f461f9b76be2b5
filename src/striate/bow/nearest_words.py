"""Exhaustive search for the nearest words of descriptors, in float32, block by block.

The nearest word has the smallest |c|²/2 − x·c. One product of matrices gives a block of these scores, and the next step
reads them while they are still in the cache: a block is 1 MiB, whatever the number of words.

Limits: distances that differ by less than float32 rounding (about 1e-7 · |x| · |c|) may come out in either order; ties
that arithmetic keeps exact, those of equal words among them, go to the lower index. Descriptors far from the origin
compared with their spread lose digits: subtract their mean first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core.executor import map_blocks
from striate.errors import DataError

Floats = NDArray[np.float32]
Words = NDArray[np.int32]

SCORES = 1 << 18  # float32 scores of one block: 1 MiB, the second-level cache of a core
BLOCKS = 8  # to one task: they share one buffer


class NearestWords:
    """Index of words for nearest-neighbour search.

    Args:
        centres: (K, d) float32, at least one.

    >>> NearestWords(np.float32([[0, 0], [4, 0], [0, 3]])).search(np.float32([[3, 1]]), neighbours=2)
    (array([[1, 0]], dtype=int32), array([[ 2., 10.]], dtype=float32))

    The squared distances are 1² + 1² = 2 and 3² + 1² = 10.

    """

    def __init__(self, centres: NDArray[Any]) -> None:
        words = float_rows(centres)
        self.count, self.channels = words.shape
        if not words.size or not np.isfinite(words).all():
            raise DataError("bad_words", "the nearest words were asked for",
                            allowed="one or more words of finite numbers are allowed",
                            given="none were given" if not words.size else "NaN or infinite values were given",
                            do="Learn the vocabulary again")
        self._columns = np.ascontiguousarray(words.T)
        self._half = ((words.astype(np.float64) ** 2).sum(axis=1) / 2).astype(np.float32)
        # Equal columns of one product need not round alike: the later of two equal words takes the scores of the first.
        _, first, where = np.unique(words, axis=0, return_index=True, return_inverse=True)
        original = first[where.reshape(-1)]
        self._later = np.flatnonzero(original != np.arange(self.count))
        self._first = original[self._later]

    def search(self, descriptors: NDArray[Any], neighbours: int = 1,
               threads: int | None = None) -> tuple[Words, Floats]:
        """The nearest words, nearest first: indices (..., neighbours) int32 and squared distances, float32.

        Args:
            descriptors: (..., M, d). Blocks are cut along M and never reach across, so that a picture of a batch gets
                the same words as it would alone.
            neighbours: 1 to K.
            threads: None is one for each core; the result is the same for any number.

        Raises `DataError`: `not_descriptors` (shape), `descriptors_not_finite`, `too_few_words`.

        """
        rows = float_rows(descriptors, self.channels)
        if not 1 <= neighbours <= self.count:
            raise DataError("too_few_words", f"the {neighbours} nearest words were asked for",
                            allowed=f"1 to {self.count} are allowed", given=f"there are {self.count} words",
                            do="Ask for fewer neighbours, or learn more words")
        length = max(1, rows.shape[-2])
        sets = rows.reshape(rows.size // (length * self.channels), length, self.channels)
        indices = np.empty((*sets.shape[:2], neighbours), np.int32)
        squared = np.empty((*sets.shape[:2], neighbours), np.float32)
        high = max(16, SCORES // self.count)  # rows of a block
        deep = max(1, high // length)  # whole sets of a block, where they are short
        blocks = list(product(range(0, len(sets), deep), range(0, length, high)))

        def some(task: int) -> None:
            buffer = np.empty(min(deep, len(sets)) * min(high, length) * self.count, np.float32)
            for a, b in blocks[task : task + BLOCKS]:
                self._block(sets[a : a + deep, b : b + high], buffer,
                            indices[a : a + deep, b : b + high], squared[a : a + deep, b : b + high])

        map_blocks(some, range(0, len(blocks), BLOCKS), threads)
        shape = (*rows.shape[:-1], neighbours)
        return indices.reshape(shape), squared.reshape(shape)

    def _block(self, x: Floats, buffer: Floats, indices: Words, squared: Floats) -> None:
        scores = buffer[: x.shape[0] * x.shape[1] * self.count].reshape(*x.shape[:2], self.count)
        with np.errstate(invalid="ignore", over="ignore"):
            np.matmul(x, self._columns, out=scores)
            np.subtract(self._half, scores, out=scores)
            if len(self._later):
                scores[..., self._later] = scores[..., self._first]
            for j in range(indices.shape[-1]):
                best = scores.argmin(axis=-1)[..., None]
                indices[..., j] = best[..., 0]
                squared[..., j] = np.take_along_axis(scores, best, axis=-1)[..., 0]
                if j + 1 < indices.shape[-1]:
                    np.put_along_axis(scores, best, np.inf, axis=-1)
            # A NaN or an infinity anywhere in a descriptor reaches its best score.
            if not np.isfinite(squared[..., 0]).all():
                raise not_finite()
            squared *= 2
            squared += np.einsum("...d,...d->...", x, x)[..., None]
        np.maximum(squared, 0, out=squared)


def nearest(descriptors: NDArray[Any], centres: NDArray[Any], threads: int | None = None) -> Words:
    """Index of the nearest centre of each descriptor, (M,) int32; ties go to the lower index.

    Args:
        descriptors: (M, d) float32, or (..., M, d).
        centres: (K, d) float32.
        threads: None is one for each core; the result is the same for any number.

    Raises `DataError`: `not_descriptors`, `descriptors_not_finite`, `bad_words`.

    >>> nearest(np.float32([[1, 1], [9, 8], [5, 5]]), np.float32([[0, 0], [10, 10]]))
    array([0, 1, 0], dtype=int32)

    The last is as far from one as from the other.

    """
    return NearestWords(centres).search(descriptors, 1, threads)[0][..., 0]


def float_rows(given: NDArray[Any], channels: int | None = None) -> Floats:
    """`given` as contiguous float32 of (..., M, d); refuses another shape, type or d (`not_descriptors`)."""
    array = np.asarray(given)
    if array.ndim < 2 or array.dtype.kind not in "fiu" or channels not in (None, array.shape[-1]):
        raise DataError("not_descriptors", "descriptors were asked for",
                        allowed=f"numbers of shape (…, M, {'d' if channels is None else channels}) are allowed",
                        given=f"shape {array.shape} of {array.dtype} was given",
                        do="Give descriptors of the kind that was learnt from")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)


def not_finite() -> DataError:
    """The refusal of NaN and of infinite values."""
    return DataError("descriptors_not_finite", "descriptors were asked for", allowed="finite numbers are allowed",
                     given="NaN, an infinite value or one too large for float32 was given",
                     do="Check the pictures and the step that made the descriptors")
