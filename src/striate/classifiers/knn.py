"""k nearest neighbours by the distance of a kernel: squared Euclidean, Hellinger, L1 (intersection) or χ².

The distance is k(x, x) + k(y, y) − 2 k(x, y), which for histograms that sum to 1 is 2 (1 − k): the same order.
Every neighbour has one vote. Between classes with equally many votes the one with the nearest neighbour wins;
equal distances (after rounding to float32) go to the picture learnt first.

A probability is that of (votes + α/K)^(1/T), over their sum: additive smoothing by α votes shared among the K classes,
and a temperature T. All three are chosen by leaving one training picture out at a time (at most `MOST_LEFT_OUT` of
them, drawn by the seed): k by accuracy, then α and T by log loss. On Scene-15's training part (features of
EfficientNet-Lite0, 70 pictures a class to learn from, four draws) the expected calibration error of the others is
1.8 %, without T 3.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.classifiers.classifier import Arrays, Classifier, Doubles, KernelName, Seed, Settings
from striate.classifiers.cross_validation import MOST
from striate.classifiers.kernels import Floats, Kernel
from striate.classifiers.temperature_scaling import log_probabilities, temperature, tempered
from striate.core.constraints import OneOf, Real, Whole
from striate.core.estimator import check_is_fitted
from striate.core.executor import usual_blas_threads
from striate.core.model_file import shaped
from striate.core.params import stored
from striate.errors import DataError

Labels = NDArray[np.int64]
Neighbours = Annotated[int | None, Whole(1, MOST, "a whole number from 1 up is allowed")]
TRIED = (1, 3, 5, 7, 10, 15, 20, 30, 50)
DOUBTS = tuple(2.0**power for power in range(-6, 5))
TEMPERATURE = Real(1e-9, 1e9)
MOST_LEFT_OUT = 5_000
BLOCK = 64 << 20  # bytes of distances at once
TIE = 0.5  # the most that being nearest adds to the votes: it decides between equal votes only


class KNN(Classifier):
    """k-nearest-neighbours classifier, which stores all training pictures.

    Args:
        kernel: names the distance: linear, hellinger, intersection or chi2.
        k: how many neighbours vote; None chooses by leaving one out, the smaller where equally accurate.
        seed: of the sample of pictures to leave out, when there are more than 5,000.

    Learnt: `vectors_` (n, D) float32 and `labels_` (n,) int64; `k_`; `doubt_`, the α above; `temperature_`, the T;
    `scores_`, the accuracy of each k tried on pictures left out.

    >>> X = np.array([[0, 4], [1, 3], [3, 1], [4, 0]], np.float32)
    >>> knn = KNN("chi2", k=1).fit(X, [0, 0, 1, 1])
    >>> knn.predict([[1, 4], [4, 1]]), knn.k_
    (array([0, 1]), 1)

    """

    def __init__(self, kernel: KernelName = "intersection", k: Neighbours = None, seed: Seed = 0) -> None:
        self.kernel, self.k, self.seed = kernel, k, seed

    def _learn(self, kernel: Kernel, features: Floats, labels: Labels, groups: Labels) -> tuple[Labels, Doubles]:
        left = len(features) - int(np.bincount(groups).max())  # when a picture is left out with its group
        if left < (self.k or 1):
            raise DataError("few_neighbours", f"the {self.k or 1} nearest pictures were asked for",
                            allowed="more pictures than neighbours are needed, so that one can be left out",
                            given=f"{left} others were given", do="Ask for fewer neighbours or add pictures")
        queries = np.arange(len(features))
        if len(queries) > MOST_LEFT_OUT:
            draw = np.random.Generator(np.random.Philox(self.seed)).permutation(len(queries))
            queries = np.sort(draw[:MOST_LEFT_OUT])
            self.notes_.append(f"k was chosen by leaving out {MOST_LEFT_OUT:,} of {len(features):,} rows singly")
        tried = [k for k in TRIED if k <= left] if self.k is None else [int(self.k)]
        near = labels[neighbours(kernel, features[queries], features, max(tried), groups[queries], groups)]
        classes = int(labels.max()) + 1
        truth = labels[queries]
        votes = {k: _votes(near[:, :k], classes) for k in tried}
        self.scores_ = {k: float((counts.argmax(axis=1) == truth).mean()) for k, counts in votes.items()}
        self.k_ = max(tried, key=lambda k: (self.scores_[k], -k))
        self.doubt_, self.temperature_ = _smoothing(votes[self.k_], truth)
        self.vectors_, self.labels_ = np.array(features), labels
        return queries, votes[self.k_]

    def decision(self, X: ArrayLike) -> Doubles:
        """Votes, (n, K) float64, and at most ½ more for the class of the nearest neighbour, ⅓ for the next."""
        kernel, features = self._features(X)
        with usual_blas_threads():
            near = self.labels_[neighbours(kernel, features, self.vectors_, self.k_)]
        return _votes(near, len(self.classes_))

    def probabilities(self, decisions: Doubles) -> Doubles:
        """Probabilities, (n, K) float64: smoothed shares of the votes `decisions` (n, K), in their order."""
        return tempered(_shares(decisions, self.doubt_), self.temperature_)

    def chosen(self) -> str:
        """The number of neighbours as a text."""
        return f"{self.k_} of {len(self.vectors_):,} pictures vote" + (
            f", the best of {len(self.scores_)} by leaving one out" if len(self.scores_) > 1 else "")

    def _to_arrays(self) -> tuple[Settings, Arrays]:
        """The training features and labels, k, α and T."""
        check_is_fitted(self, "classes_")
        settings = {"kernel": self.kernel, "k": self.k_, "doubt": self.doubt_, "temperature": self.temperature_}
        return settings, {"vectors": self.vectors_, "labels": self.labels_}

    @classmethod
    def _from_arrays(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The classifier that `_to_arrays` gave; ValueError where anything does not fit."""
        # Files of striate 0.1 have no temperature.
        name, k, doubt, t = stored(cls, {"temperature": 1.0, **settings}, "kernel", "k", doubt=OneOf(*DOUBTS),
                                   temperature=TEMPERATURE).values()
        shaped({key: array for key, array in arrays.items() if key != "labels"}, {"vectors": (None, None)})
        shaped({key: array for key, array in arrays.items() if key == "labels"}, {"labels": (None,)}, np.int64)
        vectors, labels = arrays["vectors"], arrays["labels"]
        if len(labels) != len(vectors):
            raise ValueError("each vector must have a label")
        present = np.unique(labels)
        if len(present) < 2 or not np.array_equal(present, np.arange(len(present))):
            raise ValueError("labels must be 0, 1, 2 and so on, two at least")
        if name != "linear" and vectors.min() < 0:
            raise ValueError("vectors of this kernel must not be negative")
        if k >= len(vectors):
            raise ValueError(f"{k} neighbours of {len(vectors)} vectors cannot vote")
        self = cls(kernel=name, k=k)
        self.k_, self.doubt_, self.temperature_, self.vectors_, self.labels_ = k, doubt, t, vectors, labels
        self.classes_, self.n_features_in_ = present, vectors.shape[1]
        self.scores_, self.notes_ = {}, []
        return self


def neighbours(kernel: Kernel, X: Floats, Y: Floats, k: int, own: Labels | None = None,
               groups: Labels | None = None) -> Labels:
    """The k rows of Y nearest to each of X, nearest first, (n, k) int64; those of its `own` group (n,) do not count.

    `groups` (m,): that of each row of Y.

    >>> from striate.classifiers.kernels import KERNELS
    >>> neighbours(KERNELS["linear"], np.array([[0.2]], np.float32), np.array([[3], [0], [1]], np.float32), 2)
    array([[1, 2]])
    """
    found = np.empty((len(X), k), np.int64)
    size = max(1, BLOCK // (8 * len(Y)))
    for start in range(0, len(X), size):
        rows = slice(start, min(start + size, len(X)))
        distances = kernel.distances(X[rows], Y).astype(np.float32)
        if own is not None:
            distances[own[rows][:, None] == groups] = np.inf
        # Floats from 0 up have the order of their bits: one key holds distance and index, and ties go to the first.
        keys = (distances.view(np.uint32).astype(np.int64) << 32) | np.arange(len(Y))
        nearest = np.sort(np.partition(keys, k - 1, axis=1)[:, :k], axis=1)
        found[rows] = nearest & 0xFFFFFFFF
    return found


def _votes(near: Labels, classes: int) -> Doubles:
    votes = np.zeros((len(near), classes))
    rows = np.arange(len(near))
    for rank in range(near.shape[1] - 1, -1, -1):
        # The fraction on top of whole votes is that of the nearest, which comes last: ½, ⅓, ¼ … by rank.
        votes[rows, near[:, rank]] = np.floor(votes[rows, near[:, rank]]) + 1 + TIE * 2 / (rank + 2)
    return votes


def _smoothing(votes: Doubles, truth: Labels) -> tuple[float, float]:
    """The α of `DOUBTS` and the temperature that make true labels (n,) likeliest, of votes (n, K)."""
    rows = np.arange(len(truth))
    losses = {}
    for doubt in DOUBTS:
        shares = _shares(votes, doubt)
        t = temperature(truth, log_probabilities(shares))
        losses[doubt, t] = -float(log_probabilities(tempered(shares, t))[rows, truth].mean())
    return min(losses, key=lambda pair: losses[pair])


def _shares(votes: Doubles, doubt: float) -> Doubles:
    shares = votes + doubt / votes.shape[1]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
