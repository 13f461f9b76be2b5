"""One-vs-rest SVMs with the exact kernel: one Gram matrix, used by every class, fold and C.

The classifier is that of `linear_svm` in the gram form, without the approximation of a feature map: squared hinge, the
bias counted as one more weight. The pictures that are a support vector of any class are stored.
Limits: the Gram matrix takes 4·n² bytes and about n²·D/2 operations (10,000 pictures, 8,400 bins: minutes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.classifiers.calibration import Calibration, calibrate
from striate.classifiers.classifier import ROWS, Arrays, Classifier, Doubles, KernelName, Seed, Settings
from striate.classifiers.cross_validation import Cost, Folds, Tolerance, choose_cost, folds_of
from striate.classifiers.kernels import Floats, Kernel
from striate.classifiers.newton import Dual
from striate.core.executor import usual_blas_threads
from striate.core.model_file import shaped
from striate.core.params import stored
from striate.errors import DataError

MOST_GRAM = 2 << 30  # bytes of the exact kernel of all pictures, float64
NEGLIGIBLE = 1e-6  # of a class's largest coefficient: a picture below it in every class is no support vector


class KernelSVM(Classifier):
    """Kernel SVM, one class against the rest, with the exact kernel.

    Args:
        kernel: linear, hellinger, intersection or chi2.
        C: the price of a violated margin; None chooses it by cross-validation.
        folds: for choosing C and for calibrating; None: 5, and 3 from 5,000 pictures on.
        seed: of the division into folds.
        tol: how close to the minimum, as a part of the weights' length.

    Learnt: `vectors_` (m, D) float32, the support vectors; `coefficients_` (m, K) and `bias_` (K,) float32; `C_`;
    `scores_`, the held-out accuracy of each C tried; `calibration_`.

    >>> X = np.array([[0, 4], [1, 3], [3, 1], [4, 0]] * 3, np.float32)
    >>> KernelSVM("intersection").fit(X, [0, 0, 1, 1] * 3).predict([[1, 4], [4, 1]])
    array([0, 1])

    """

    def __init__(self, kernel: KernelName = "intersection", C: Cost = None, folds: Folds = None, seed: Seed = 0,
                 tol: Tolerance = 0.03) -> None:
        self.kernel, self.C, self.folds, self.seed, self.tol = kernel, C, folds, seed, tol

    def _learn(self, kernel: Kernel, features: Floats, labels: NDArray[np.int64], groups: NDArray[np.int64]
               ) -> tuple[NDArray[np.int64], Doubles]:
        if 8 * len(features) ** 2 > MOST_GRAM:
            raise DataError("too_many_pictures", f"a kernel SVM of {len(features):,} rows was asked for",
                            allowed=f"up to {int((MOST_GRAM / 8) ** 0.5):,} are allowed",
                            given="mirror images count as rows", do="Use linear_svm, or leave mirror images out")
        folds = folds_of(labels, self.folds, self.seed, groups)
        gram = kernel.exact(features).astype(np.float32)
        scale = float(np.trace(gram, dtype=np.float64)) / len(gram) or 1.0
        gram += 1
        choice = choose_cost(Dual(gram), labels, folds, scale, self.C, self.tol)
        self.C_, self.scores_ = choice.C, choice.scores
        self.notes_ += choice.notes
        self.calibration_ = calibrate(choice.decisions, labels, folds)
        weights = choice.solution.columns
        support = (np.abs(weights) > NEGLIGIBLE * np.abs(weights).max(axis=0)).any(axis=1)
        self.vectors_, self.coefficients_ = features[support], weights[support]
        self.bias_ = self.coefficients_.sum(axis=0)
        return np.arange(len(labels)), choice.decisions

    def decision(self, X: ArrayLike) -> Doubles:
        """Signed distance from each class's plane, in margins, (n, K) float64: +1 and −1 are the edges."""
        kernel, features = self._features(X)
        decisions = np.empty((len(features), len(self.bias_)))
        with usual_blas_threads():
            for start in range(0, len(features), ROWS):
                rows = slice(start, start + ROWS)
                decisions[rows] = kernel.exact(features[rows], self.vectors_) @ self.coefficients_ + self.bias_
        return decisions

    def probabilities(self, decisions: Doubles) -> Doubles:
        """Probabilities, (n, K) float64, of decisions (n, K), calibrated on held-out folds."""
        return self.calibration_.apply(decisions)

    def chosen(self) -> str:
        """C and the calibration as a text."""
        how = f"C = {self.C_:.3g}" + (f", the best of {len(self.scores_)} by cross-validation" if self.scores_ else "")
        return f"{how}; probabilities by {self.calibration_.kind}"

    def _to_arrays(self) -> tuple[Settings, Arrays]:
        """Support vectors, coefficients and bias, the calibration, kernel and C."""
        settings, arrays = self.calibration_.to_arrays()
        vectors = {"vectors": self.vectors_, "coefficients": self.coefficients_, "bias": self.bias_}
        return {"kernel": self.kernel, "C": self.C_, **settings}, {**vectors, **arrays}

    @classmethod
    def _from_arrays(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The classifier that `_to_arrays` gave; ValueError where anything does not fit."""
        name, C = stored(cls, settings, "kernel", "C").values()
        rest = {key: array for key, array in arrays.items() if key not in ("slopes", "offsets")}
        shaped(rest, {"vectors": (None, None), "coefficients": (None, None), "bias": (None,)})
        vectors, coefficients, bias = rest["vectors"], rest["coefficients"], rest["bias"]
        classes = len(bias)
        if classes < 2 or coefficients.shape != (len(vectors), classes):
            raise ValueError(f"{len(vectors)} vectors and coefficients of shape {coefficients.shape} do not fit")
        if name != "linear" and vectors.min() < 0:
            raise ValueError("support vectors of this kernel must not be negative")
        self = cls(kernel=name, C=C)
        self.C_, self.vectors_, self.coefficients_, self.bias_ = C, vectors, coefficients, bias
        self.calibration_ = Calibration.from_arrays(settings, arrays, classes)
        self.classes_, self.n_features_in_ = np.arange(classes), vectors.shape[1]
        self.scores_, self.notes_ = {}, []
        return self
