"""Contributions of visual words and cells of the pyramid to the decision of an SVM.

All four kernels are sums over bins, k(x, y) = Σ_b k_b(x_b, y_b) with k_b(0, y) = 0, and so are the decisions built on
them. Besides the bias, a bin b that holds x_b adds

    linear_svm   w_b · φ(x_b)                φ(x_b): the 2n + 1 values of the kernel's feature map
    kernel_svm   Σ_i α_i k_b(x_b, s_ib)      s_i: support vectors

and an empty bin adds 0. Limits: what is divided is the decision on the finished feature. That a word, by being there,
makes the shares of all others smaller (`normalise`) is not separated from those others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders import VLAD, Encoder, Fisher
from striate.classifiers import Classifier, KernelSVM, LinearSVM
from striate.classifiers.kernels import KERNELS
from striate.core.executor import usual_blas_threads
from striate.errors import UsageError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
BLOCK = 1 << 20  # float64 values at once: 8 MiB


def bin_contributions(classifier: Classifier, features: Floats, classes: NDArray[np.int64]) -> Doubles:
    """Contributions of the bins of one picture's `features` (D,) to the decision for `classes` (k,): (k, D) float64.

    With the bias of a class, a row sums to `classifier.decision(features[None])` of that class. Raises `UsageError`
    (`no_contributions`) for other classifiers.

    >>> X = np.array([[0, 4], [1, 3], [3, 1], [4, 0]] * 3, np.float32)
    >>> svm = LinearSVM("hellinger").fit(X, [0, 0, 1, 1] * 3)
    >>> parts = bin_contributions(svm, np.float32([4, 0]), np.array([0, 1]))
    >>> parts.round(1), bool(np.allclose(parts.sum(axis=1) + svm.bias_, svm.decision([[4, 0]])))  # no 2nd: it adds 0
    (array([[-0.4,  0. ],
           [ 0.4,  0. ]]), True)
    """
    if isinstance(classifier, LinearSVM):
        mapped = KERNELS[classifier.kernel].map(features[None])[0].astype(np.float64)
        products: Doubles = classifier.weights_[classes].astype(np.float64)
        products *= mapped
        return np.asarray(products.reshape(len(classes), -1, len(features)).sum(axis=1))
    if not isinstance(classifier, KernelSVM):
        raise UsageError("no_contributions", "what each word adds to a decision was asked for",
                         allowed="linear_svm and kernel_svm, whose decisions are sums over words, are allowed",
                         given=f"a classifier of the kind {type(classifier).__name__} was given",
                         do="Train with one of these classifiers to see it")
    filled = np.flatnonzero(features)
    x = features[filled].astype(np.float64)
    vectors, weights = classifier.vectors_, classifier.coefficients_[:, classes].astype(np.float64)
    whole = np.zeros((len(classes), len(features)))
    some = np.zeros((len(classes), len(filled)))
    size = max(1, BLOCK // max(1, len(filled)))
    kernel = KERNELS[classifier.kernel]
    with usual_blas_threads():
        for start in range(0, len(vectors), size):
            rows = slice(start, start + size)
            some += weights[rows].T @ kernel.per_bin(x, vectors[rows][:, filled].astype(np.float64))
    whole[:, filled] = some
    return whole


def word_sums(encoder: Encoder, values: Doubles) -> Doubles:
    """The values of a vector (…, width) summed for each word, or component of a mixture: (…, K).

    Codes have one dimension for each word; VLAD all of a word's side by side; Fisher vectors all means, then all
    variances, component by component, then the weights.

    >>> word_sums(VLAD(words=2).fit(np.float32([[0, 0, 0], [8, 8, 8]])), np.arange(6.0))  # 0 + 1 + 2 and 3 + 4 + 5
    array([ 3., 12.])
    """
    shape = (*values.shape[:-1], *encoder.words_.shape)
    if isinstance(encoder, VLAD):
        return np.asarray(values.reshape(shape).sum(axis=-1))
    if not isinstance(encoder, Fisher):
        return values
    size = encoder.words_.size
    both = values[..., :size] + values[..., size : 2 * size]
    sums = np.asarray(both.reshape(shape).sum(axis=-1))
    return sums + values[..., 2 * size :] if encoder.weights else sums


def favoured_classes(classifier: Classifier, features: Floats, cells: int) -> NDArray[np.int64]:
    """The class that each word is most evidence for, (K,) int64 in the classifier's numbering; −1 for words in no cell.

    `features` (cells · K,) are those of a usual picture; a word's contributions to a class are summed over the cells.
    """
    count = len(classifier.classes_)
    words = len(features) // cells
    sums = np.empty((count, words))
    size = max(1, BLOCK // len(features))
    for start in range(0, count, size):
        some = np.arange(start, min(start + size, count))
        sums[some] = bin_contributions(classifier, features, some).reshape(len(some), cells, words).sum(axis=1)
    found = np.asarray(sums.argmax(axis=0), np.int64)
    found[~features.reshape(cells, words).any(axis=0)] = -1
    return found
