"""Base class of the classifiers: features in, one decision for each class out, and calibrated probabilities.

Features are (n, D) float32 and labels whole numbers 0..K−1, each of which occurs. `settings` and `arrays` of a fitted
classifier are JSON values and plain arrays; `from_arrays` checks both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.classifiers.cross_validation import MOST, folds_of
from striate.classifiers.kernels import KERNELS, Floats, Kernel
from striate.classifiers.novelty import DISTANCE_FOLDS, PREFIX, NoveltyDetector
from striate.core.constraints import OneOf, Whole, unquoted
from striate.core.estimator import ClassifierEstimator, check_is_fitted
from striate.core.params import Refusal, check_params
from striate.errors import DataError

Doubles = NDArray[np.float64]
Settings = dict[str, Any]
Arrays = dict[str, NDArray[Any]]
ROWS = 1024  # pictures of a batch
UNKNOWN = Refusal("unknown_choice", "a {name} was asked for", "Choose one of these", given=unquoted)
KernelName = Annotated[str, OneOf(*KERNELS, phrase="{words} are allowed"), UNKNOWN]
Seed = Annotated[int, Whole(0, MOST, "a whole number from 0 up is allowed")]


class Classifier(ClassifierEstimator, ABC):
    """Base class of classifiers of features into K classes; a subclass gives `_learn`, `decision`, `probabilities`.

    Learnt: `classes_` (K,) int64, which is 0..K−1; `n_features_in_`; `notes_`, sentences on choices and their reasons;
    `held_out_`: indices (m,) of training pictures, and their probabilities (m, K) by classifiers not fitted on them
    (not stored in a file); `novelty_`, a `NoveltyDetector`, None where a file has none.
    """

    REFUSAL: ClassVar = Refusal("impossible_value", "{name} of a classifier was asked for",
                                "Leave {name} out for the default", given=unquoted)
    kernel: str
    seed: int
    classes_: NDArray[np.int64]
    n_features_in_: int
    notes_: list[str]
    held_out_: tuple[NDArray[np.int64], Doubles]
    novelty_: NoveltyDetector | None

    def fit(self, X: ArrayLike, y: ArrayLike, copies: int = 1, groups: NDArray[np.int64] | None = None) -> Self:
        """Learn from features X (n, D) float32 and labels y (n,), whole numbers 0..K−1 of which each occurs.

        With `copies` each picture occurs that often, mirrored perhaps: row i, i + n/copies and so on are one picture,
        and held out together. Only the first n/copies rows are in `held_out_`. `groups` (n/copies,), if given, holds
        the same number for identical pictures: they are held out together as well.
        """
        kernel = self._kernel()
        features = features_of(X)
        kernel.check(features)
        labels = class_numbers(y, len(features))
        once = len(labels) // copies if isinstance(copies, int) and copies > 0 else 0
        if not once or once * copies != len(labels) or (labels.reshape(copies, once) != labels[:once]).any():
            raise DataError("bad_copies", "a classifier was asked to learn from copies of pictures",
                            allowed="blocks of equally many rows with the same labels are allowed",
                            given=f"{copies} copies in {len(labels):,} rows were given", do="Leave copies out")
        self.notes_ = []
        own = np.arange(once) if groups is None else np.unique(groups, return_inverse=True)[1].astype(np.int64)
        if own.shape != (once,):
            raise DataError("bad_copies", "a classifier was asked to learn from groups of pictures",
                            allowed=f"a number for each of {once:,} pictures is allowed",
                            given=f"{own.shape} were given", do="Leave groups out")
        indices, decisions = self._learn(kernel, features, labels, np.tile(own, copies))
        indices, decisions = indices[indices < once], decisions[indices < once]
        self.held_out_ = indices, self.probabilities(decisions)
        folds = folds_of(labels[:once], min(DISTANCE_FOLDS, int(own.max()) + 1), self.seed, own)
        self.novelty_ = NoveltyDetector.fit(features[:once], labels[:once], folds, (indices, decisions))
        self.classes_ = np.arange(labels.max() + 1)
        self.n_features_in_ = features.shape[1]
        return self

    @abstractmethod
    def _learn(self, kernel: Kernel, features: Floats, labels: NDArray[np.int64],
               groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], Doubles]:
        """Learn from features and labels that have been checked; rows of one group (n,) are held out together.

        Returns the indices (m,) of rows, and their decisions (m, K) by classifiers that were not fitted on them.
        """

    @abstractmethod
    def decision(self, X: ArrayLike) -> Doubles:
        """Decision function: the evidence for each class, (n, K) float64; the largest wins."""

    @abstractmethod
    def probabilities(self, decisions: Doubles) -> Doubles:
        """Probabilities, (n, K) float64 with rows that sum to 1, of decisions (n, K)."""

    @abstractmethod
    def chosen(self) -> str:
        """The chosen settings as a text for people."""

    @abstractmethod
    def _to_arrays(self) -> tuple[Settings, Arrays]:
        """All that `decision` and `probabilities` need: JSON values, and arrays by name."""

    @classmethod
    @abstractmethod
    def _from_arrays(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The classifier that `_to_arrays` gave; ValueError where anything does not fit."""

    def to_arrays(self) -> tuple[Settings, Arrays]:
        """All that predicting needs: JSON values, and arrays by name."""
        settings, arrays = self._to_arrays()
        more, own = self.novelty_.to_arrays() if self.novelty_ else ({}, {})
        return {**settings, **more}, {**arrays, **own}

    @classmethod
    def from_arrays(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The classifier that `to_arrays` gave; ValueError where anything does not fit."""
        self = cls._from_arrays(settings, {name: one for name, one in arrays.items() if not name.startswith(PREFIX)})
        self.novelty_ = NoveltyDetector.from_arrays(settings, arrays, self.n_features_in_)
        return self

    def predict_proba(self, X: ArrayLike) -> Doubles:
        """Calibrated probabilities, (n, K) float64, rows sum to 1."""
        return self.probabilities(self.decision(X))

    def predict_with_confidence(self, X: ArrayLike) -> tuple[Doubles, Doubles]:
        """Probabilities (n, K), and how known each row is, (n,) 0..1: the share of held-out pictures that are less so.

        It needs a `novelty_`.
        """
        assert self.novelty_ is not None
        decisions = self.decision(X)
        return self.probabilities(decisions), self.novelty_.confidence(features_of(X), decisions)

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """The most probable class of each row, (n,) int64."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def _kernel(self) -> Kernel:
        """The kernel, after a check of all arguments (`impossible_value`, `unknown_choice`)."""
        return KERNELS[check_params(self)["kernel"]]

    def _features(self, X: ArrayLike) -> tuple[Kernel, Floats]:
        """Kernel and features for a decision, checked against the training features."""
        check_is_fitted(self, "classes_")
        kernel, features = self._kernel(), features_of(X)
        if features.shape[1] != self.n_features_in_:
            raise DataError("width_differs", "features were to be classified",
                            allowed=f"{self.n_features_in_:,} columns were learnt from",
                            given=f"{features.shape[1]:,} were given", do="Use the encoder and pyramid of the training")
        kernel.check(features)
        return kernel, features


def features_of(X: ArrayLike) -> Floats:
    """Features X as (n, D) float32; refuses other shapes (`bad_features`) and NaN or infinity (`not_finite`)."""
    array = np.asarray(X)
    if array.ndim != 2 or not array.size or array.dtype.kind not in "biuf":
        raise DataError("bad_features", "features were to be classified or learnt from",
                        allowed="numbers of shape (pictures, width), at least 1 × 1, are allowed",
                        given=f"shape {array.shape} of {array.dtype} was given", do="Give one row for each picture")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
        features = np.ascontiguousarray(array, np.float32)
    for start in range(0, len(features), ROWS):
        wrong = np.argwhere(~np.isfinite(features[start : start + ROWS]))
        if len(wrong):
            row, column = wrong[0]
            raise DataError("not_finite", "features were to be classified or learnt from",
                            allowed="finite float32 numbers are allowed",
                            given=f"{array[start + row, column]} was given in row {start + row}, column {column}",
                            do="Look at what the picture of that row holds")
    return features


def class_numbers(y: ArrayLike, count: int) -> NDArray[np.int64]:
    """Labels y as (count,) int64; refuses `label_range`, `one_class` and classes without pictures (`empty_class`)."""
    array = np.asarray(y)
    if array.shape != (count,) or array.dtype.kind not in "iu" or array.min() < 0:
        given = f"shape {array.shape} of {array.dtype} came with {count:,} rows"
        if array.shape == (count,) and array.dtype.kind in "iu":
            given = f"{array.min()} was given"
        raise DataError("label_range", "a classifier was asked to learn",
                        allowed="one whole number from 0 up for each row is allowed", given=given,
                        do="Number the classes 0, 1, 2 and so on")
    present = np.unique(array)
    if len(present) < 2:
        raise DataError("one_class", "a classifier was asked to learn", allowed="two or more classes are allowed",
                        given=f"all {count:,} labels are {present[0]}", do="Add pictures of another class")
    if present[-1] != len(present) - 1:
        missing = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise DataError("empty_class", "a classifier was asked to learn",
                        allowed=f"each class from 0 to {present[-1]} must have a picture",
                        given=f"class {missing} has none", do="Add pictures of it or number the classes without gaps")
    return array.astype(np.int64)
