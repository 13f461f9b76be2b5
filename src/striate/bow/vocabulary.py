"""Vocabulary of visual words: the centres of descriptors by k-means (Sivic & Zisserman, Video Google, ICCV 2003)."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

from striate.bow.nearest_words import Floats, Words, float_rows, nearest, not_finite
from striate.core.constraints import Integer
from striate.core.estimator import TransformerEstimator, check_is_fitted
from striate.core.executor import usual_blas_threads, worker_count
from striate.core.params import Refusal, check_params
from striate.errors import DataError

Amount = partial(Integer, phrase="whole numbers {low:,} to {high:,} are allowed")
WordCount = Annotated[int, Amount(1, 1 << 20)]
Seed = Annotated[int, Amount(0, 2**32 - 1)]
Iterations = Annotated[int, Amount(1, 10_000)]
STARTED = 20  # descriptors for each word that k-means++ draws from: 100 took four times as long as all that follows


class Vocabulary(TransformerEstimator):
    """Vocabulary by k-means, which also gives the nearest word of a descriptor.

    Args:
        words: how many, 1 or more; there must be as many different descriptors.
        seed: of the first centres: k-means++ on at most 20 descriptors for each word, or 10,000.
        iterations: of k-means, at most; it ends sooner when the centres stay.
        threads: None is one for each core. k-means takes two at most: scikit-learn adds up the results of its threads
            in the order in which they end, and only for two does that give the same bits every time.

    Learnt: `centres_` (words, d) float32, `inertia_` (sum of squared distances), `iterations_`.

    Limits: all descriptors given to `fit` are in memory twice; give a sample (200,000 × 128 take 0.2 GB and seconds).

    >>> points = np.float32([[0, 0], [0, 2], [8, 8], [8, 10]])
    >>> vocabulary = Vocabulary(words=2).fit(points)
    >>> sorted(vocabulary.centres_.tolist())  # the mean of the first two, and of the last two
    [[0.0, 1.0], [8.0, 9.0]]
    >>> float(vocabulary.inertia_)  # four distances of 1
    4.0

    """

    REFUSAL = Refusal("impossible_value", "{name} was set", "Give one of these")

    def __init__(self, words: WordCount = 1000, *, seed: Seed = 0, iterations: Iterations = 100,
                 threads: int | None = None) -> None:
        self.words, self.seed, self.iterations, self.threads = words, seed, iterations, threads

    def fit(self, descriptors: NDArray[Any], y: object = None) -> Self:
        """Learn from `descriptors`, (M, d) float32.

        Raises `UsageError` (`impossible_value`) and `DataError`: `not_descriptors`, `descriptors_not_finite`,
        `too_few_descriptors` (fewer different ones than words).
        """
        del y
        from sklearn.cluster import KMeans, kmeans_plusplus  # here, because it takes 20 MB that only learning needs
        from sklearn.exceptions import ConvergenceWarning

        check_params(self)
        rows = float_rows(descriptors)
        if not np.isfinite(rows).all():
            raise not_finite()
        started = max(10_000, STARTED * self.words)
        found = different(rows, self.words)
        if found < self.words:
            raise DataError("too_few_descriptors", f"{self.words} visual words were asked for",
                            allowed="at most as many as there are different descriptors are allowed",
                            given=f"{len(rows)} descriptors were given, {found} of them different",
                            do="Ask for fewer words, or give more pictures")
        some = rows[np.sort(np.random.Generator(np.random.Philox(int(self.seed))).permutation(len(rows))[:started])]
        if different(some, self.words) < self.words:
            some = rows
        count = min(2, max(1, worker_count(self.threads)))
        # scikit-learn sets the number of BLAS threads, too.
        with usual_blas_threads(), threadpool_limits(count), warnings.catch_warnings():
            # Descriptors that differ by less than rounding may share a centre: two equal words do no harm.
            warnings.simplefilter("ignore", ConvergenceWarning)
            centres, _ = kmeans_plusplus(some, self.words, random_state=int(self.seed))
            means = KMeans(self.words, init=centres, n_init=1, max_iter=self.iterations).fit(rows)
        self.centres_: Floats = means.cluster_centers_.astype(np.float32)
        self.inertia_, self.iterations_ = float(means.inertia_), int(means.n_iter_)
        return self

    def transform(self, descriptors: NDArray[Any]) -> Words:
        """The nearest word of each descriptor, (..., M, d) → (..., M) int32; ties go to the lower index."""
        check_is_fitted(self, "centres_")
        return nearest(descriptors, self.centres_, self.threads)


def different(rows: Floats, enough: int) -> int:
    """How many different rows there are, counted up to `enough`.

    >>> different(np.float32([[1, 2], [1, 2], [-0.0, 2], [0, 2]]), enough=9)
    2
    """
    seen: set[bytes] = set()
    for row in rows:
        seen.add((row + np.float32(0)).tobytes())  # −0 + 0 = 0: the two zeros are one number
        if len(seen) >= enough:
            break
    return len(seen)
