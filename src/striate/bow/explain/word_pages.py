"""Word pages: patches, counts, likeness and favoured classes of all visual words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders import VLAD, Fisher
from striate.bow.explain.contributions import favoured_classes
from striate.bow.recogniser import BagOfWords
from striate.classifiers import KernelSVM, LinearSVM
from striate.core.estimator import check_is_fitted
from striate.core.executor import one_blas_thread

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class WordPages:
    """The words of a model, the most frequent first.

    `words` (K,) int64: their numbers; `counts` (K,) int64: how often they occur among the descriptors that patches were
    cut from; `mean` (K, 16, 16) and `nearest` (K, 6, 16, 16) uint8: their patches.

    `evidence_for` (K,) int64: the class, of `model.classes_`, that a word contributes to most in a picture that has
    every word in every cell as often as the sample had it; −1 where it never occurred. None where that is unknown: for
    nearest neighbours, for VLAD and Fisher vectors, and for the largest code of a cell (`pool: max`).

    `likeness` (K, 3) float64 in −1..1, by word number: similar words have similar values.
    """

    words: Ints
    counts: Ints
    mean: Pixels
    nearest: Pixels
    evidence_for: Ints | None
    likeness: Doubles


def word_pages(model: BagOfWords) -> WordPages:
    """The word pages of a fitted model, the most frequent words first."""
    check_is_fitted(model, "pipeline_")
    patches, classifier, description = model.patches_, model.pipeline_.classifier, model.pipeline_.description
    order = np.argsort(-patches.counts, kind="stable")
    evidence_for = None
    sums = description.pyramid.pool == "sum" and not isinstance(description.encoder, VLAD | Fisher)
    if sums and isinstance(classifier, LinearSVM | KernelSVM):
        grid, pyramid = description.grid, description.pyramid
        counts = patches.counts.clip(0).astype(np.float64)
        held = [len(region) for region in pyramid.regions(grid.y, grid.x, grid.height, grid.width)]
        usual = np.outer(held, counts / max(1.0, counts.sum()))
        columns = favoured_classes(classifier, pyramid.join(usual[None].astype(np.float32))[0], pyramid.cells)
        evidence_for = np.where(columns < 0, -1, model.pipeline_.present[columns])[order]
    return WordPages(order, patches.counts[order], patches.mean[order], patches.nearest[order], evidence_for,
                     likeness(model))


def likeness(model: BagOfWords) -> Doubles:
    """Likeness coordinates of each word, (K, 3) float64, −1 to 1: similar words have similar values.

    Ranks along the first three principal components of all words; zeros where there are fewer.
    """
    check_is_fitted(model, "pipeline_")
    words = model.pipeline_.description.encoder.words_.astype(np.float64)
    with one_blas_thread():
        apart = words - words.mean(axis=0)
        values, vectors = np.linalg.eigh(apart.T @ apart)
        axes = vectors[:, ::-1][:, :3]
        places = apart @ (axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1))
    found = np.zeros((len(words), 3))
    for axis in range(min(len(words) - 1, places.shape[1])):
        if values[-1 - axis] > 1e-9 * values[-1]:
            ranks = places[:, axis].argsort(kind="stable").argsort(kind="stable")
            found[:, axis] = 2 * ranks / (len(words) - 1) - 1
    return found
