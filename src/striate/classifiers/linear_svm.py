"""One-vs-rest linear SVMs on the kernel's feature map, solved in the primal or gram form, whichever is cheaper.

With n pictures, D' mapped features and P = classes × folds columns, `STEPS` conjugate-gradient steps cost

    primal   STEPS · 2·n·D'·P                multiplications, and the map of all pictures in memory
    gram     n²·D'/2 + STEPS · n²·P          and n² values in memory; the map is made strip by strip

The objective and so the answer is the same: squared hinge, the bias counted as one more weight (`newton.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.classifiers.calibration import Calibration, calibrate
from striate.classifiers.classifier import ROWS, UNKNOWN, Arrays, Classifier, Doubles, KernelName, Seed, Settings
from striate.classifiers.cross_validation import Cost, Folds, Tolerance, choose_cost, folds_of
from striate.classifiers.kernels import KERNELS, Floats, Kernel
from striate.classifiers.newton import Dual, Primal
from striate.core.constraints import OneOf
from striate.core.executor import usual_blas_threads
from striate.core.model_file import shaped
from striate.core.params import stored

Form = Annotated[
    Literal["primal", "gram"] | None, OneOf("primal", "gram", phrase="{words} are allowed"),
    replace(UNKNOWN, asked="the form of a linear SVM was asked for", do="Leave form out and the cheaper is taken")]
STEPS = 300  # for all C together; 200 to 400 are usual
STRIP = 512 << 20  # bytes of feature map made at once in the gram form
MOST_GRAM = 4 << 30  # bytes


class LinearSVM(Classifier):
    """Linear SVM, one class against the rest; stores K × D' weights, whatever the number of pictures.

    Args:
        kernel: whose feature map is used: linear, hellinger, intersection or chi2.
        C: the price of a violated margin; None chooses it by cross-validation.
        folds: for choosing C and for calibrating; None: 5, and 3 from 5,000 pictures on.
        seed: of the division into folds.
        form: primal or gram; None takes the cheaper.
        tol: how close to the minimum, as a part of the weights' length.

    Learnt: `weights_` (K, D') and `bias_` (K,) float32; `C_`; `form_`, `primal` or `gram`; `scores_`, the held-out
    accuracy of each C tried; `calibration_`.

    >>> X = np.array([[0, 4], [1, 3], [3, 1], [4, 0]] * 3, np.float32)
    >>> svm = LinearSVM().fit(X, [0, 0, 1, 1] * 3)
    >>> svm.predict([[1, 4], [4, 1]]), svm.form_, svm.weights_.shape
    (array([0, 1]), 'primal', (2, 2))

    """

    def __init__(self, kernel: KernelName = "linear", C: Cost = None, folds: Folds = None, seed: Seed = 0,
                 form: Form = None, tol: Tolerance = 0.03) -> None:
        self.kernel, self.C, self.folds, self.seed, self.form, self.tol = kernel, C, folds, seed, form, tol

    def _learn(self, kernel: Kernel, features: Floats, labels: NDArray[np.int64], groups: NDArray[np.int64]
               ) -> tuple[NDArray[np.int64], Doubles]:
        folds = folds_of(labels, self.folds, self.seed, groups)
        columns = int(labels.max() + 1) * int(folds.max() + 1)
        self.form_ = self.form or cheaper(len(features), kernel.width(features.shape[1]), columns)
        if self.form_ == "primal":
            whole = kernel.map(features)
            scale = float(KERNELS["linear"].diagonal(whole).mean()) or 1.0
            space: Primal | Dual = Primal(whole)
        else:
            gram = np.zeros((len(features), len(features)), np.float32)
            for _, mapped in strips(kernel, features):
                gram += mapped @ mapped.T
            scale = float(np.trace(gram, dtype=np.float64)) / len(gram) or 1.0
            gram += 1
            space = Dual(gram)
        choice = choose_cost(space, labels, folds, scale, self.C, self.tol)
        self.C_, self.scores_ = choice.C, choice.scores
        self.notes_ += choice.notes
        self.calibration_ = calibrate(choice.decisions, labels, folds)
        held_out = np.arange(len(labels)), choice.decisions
        solution = choice.solution.columns
        if self.form_ == "primal":
            self.weights_, self.bias_ = np.ascontiguousarray(solution[:-1].T), solution[-1].copy()
            return held_out
        weights = np.empty((solution.shape[1], kernel.width(1), features.shape[1]), np.float32)
        for part, mapped in strips(kernel, features):
            weights[:, :, part] = (solution.T @ mapped).reshape(len(weights), kernel.width(1), -1)
        self.weights_, self.bias_ = weights.reshape(len(weights), -1), solution.sum(axis=0)
        return held_out

    def decision(self, X: ArrayLike) -> Doubles:
        """Signed distance from each class's plane, in margins, (n, K) float64: +1 and −1 are the edges."""
        kernel, features = self._features(X)
        decisions = np.empty((len(features), len(self.bias_)))
        with usual_blas_threads():
            for start in range(0, len(features), ROWS):
                rows = slice(start, start + ROWS)
                decisions[rows] = kernel.map(features[rows]) @ self.weights_.T + self.bias_
        return decisions

    def probabilities(self, decisions: Doubles) -> Doubles:
        """Probabilities, (n, K) float64, of decisions (n, K), calibrated on held-out folds."""
        return self.calibration_.apply(decisions)

    def chosen(self) -> str:
        """C, the form and the calibration as a text."""
        how = f"C = {self.C_:.3g}" + (f", the best of {len(self.scores_)} by cross-validation" if self.scores_ else "")
        return f"{how}; solved in the {self.form_} form; probabilities by {self.calibration_.kind}"

    def _to_arrays(self) -> tuple[Settings, Arrays]:
        """Weights and bias, the calibration, kernel, C and form."""
        settings, arrays = self.calibration_.to_arrays()
        return ({"kernel": self.kernel, "C": self.C_, "form": self.form_, **settings},
                {"weights": self.weights_, "bias": self.bias_, **arrays})

    @classmethod
    def _from_arrays(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The classifier that `_to_arrays` gave; ValueError where anything does not fit."""
        name, C, form = stored(cls, settings, "kernel", "C", "form").values()
        rest = {key: array for key, array in arrays.items() if key not in ("slopes", "offsets")}
        shaped(rest, {"weights": (None, None), "bias": (None,)})
        weights, bias = rest["weights"], rest["bias"]
        classes, width = weights.shape
        columns, left = divmod(width, KERNELS[name].width(1))
        if classes < 2 or bias.shape != (classes,) or left:
            raise ValueError(f"weights of shape {weights.shape} and {len(bias)} biases do not fit")
        self = cls(kernel=name, C=C)
        self.C_, self.form_, self.weights_, self.bias_ = C, form, weights, bias
        self.calibration_ = Calibration.from_arrays(settings, arrays, classes)
        self.classes_, self.n_features_in_ = np.arange(classes), columns
        self.scores_, self.notes_ = {}, []
        return self


def cheaper(pictures: int, width: int, columns: int) -> str:
    """The form with fewer multiplications, `primal` or `gram`, by the rule above.

    >>> cheaper(60_000, 8_000, 30)  # 8.6e12 against 4.7e13, and the Gram matrix would take 14 GB
    'primal'
    >>> cheaper(10_000, 32_000, 45)  # 8.6e12 against 2.9e12
    'gram'
    """
    primal = STEPS * 2 * pictures * width * columns
    gram = pictures**2 * width / 2 + STEPS * pictures**2 * columns
    return "gram" if gram < primal and 4 * pictures**2 <= MOST_GRAM else "primal"


def strips(kernel: Kernel, features: Floats) -> Iterator[tuple[slice, Floats]]:
    """The feature map in strips of columns, of `STRIP` bytes at most: (columns, map)."""
    size = max(1, STRIP // (4 * len(features) * kernel.width(1)))
    for start in range(0, features.shape[1], size):
        part = slice(start, min(start + size, features.shape[1]))
        yield part, kernel.map(np.ascontiguousarray(features[:, part]))
