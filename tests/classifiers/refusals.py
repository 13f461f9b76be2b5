"""Refusals of pyramids, kernels and classifiers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.bow.pyramid import SpatialPyramid
from striate.classifiers import KNN, KernelSVM, LinearSVM

X = np.array([[0, 4], [1, 3], [3, 1], [4, 0]] * 3, np.float32)
Y = np.array([0, 0, 1, 1] * 3)


def with_nan() -> np.ndarray:
    broken = X.copy()
    broken[2, 1] = np.nan
    return broken


REFUSALS: dict[str, Callable[[Path], object]] = {
    "bad_grids": lambda _: SpatialPyramid(((1, 1), (0, 2))).cells,
    "too many cells": lambda _: SpatialPyramid(((100, 100),)).cells,
    "no grids": lambda _: SpatialPyramid(()).cells,
    "unknown normalisation": lambda _: SpatialPyramid(normalise=("l3",)).cells,
    "unknown weights": lambda _: SpatialPyramid(weights="heavy").cells,  # type: ignore[arg-type]
    "bad_cells": lambda _: SpatialPyramid().join(np.zeros((2, 5, 3), np.float32)),
    "unknown kernel": lambda _: LinearSVM("rbf").fit(X, Y),
    "unknown form": lambda _: LinearSVM(form="dual").fit(X, Y),  # type: ignore[arg-type]
    "C below 0": lambda _: LinearSVM(C=-1.0).fit(X, Y),
    "one fold": lambda _: KernelSVM(folds=1).fit(X, Y),
    "k of 0": lambda _: KNN(k=0).fit(X, Y),
    "bad_features": lambda _: LinearSVM().fit(X[:, :0], Y),
    "not_finite": lambda _: LinearSVM().fit(with_nan(), Y),
    "not finite at prediction": lambda _: KNN().fit(X, Y).predict(with_nan()),
    "negative_features": lambda _: KernelSVM("chi2").fit(-X, Y),
    "width_differs": lambda _: LinearSVM().fit(X, Y).predict(X[:, :1]),
    "label_range": lambda _: LinearSVM().fit(X, Y - 1),
    "labels too few": lambda _: LinearSVM().fit(X, Y[1:]),
    "one_class": lambda _: LinearSVM().fit(X, Y * 0),
    "empty_class": lambda _: LinearSVM().fit(X, Y * 2),
    "few_pictures": lambda _: LinearSVM(folds=5).fit(X[:4], Y[:4]),
    "copies of other classes": lambda _: LinearSVM().fit(X, np.sort(Y), copies=2),
    "copies that do not divide": lambda _: KNN().fit(X, Y, copies=5),
    "groups of other pictures": lambda _: KNN().fit(X, Y, groups=np.arange(3)),
    "too_many_pictures": lambda _: KernelSVM("linear").fit(np.eye(2, dtype=np.float32).repeat(10_000, 0),
                                                           np.arange(20_000) // 10_000),
    "few_neighbours": lambda _: KNN(k=12).fit(X, Y),
}
