"""Held-out probabilities of the members of an ensemble: those of their own cross-validation, or of a part held out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.classifiers.cross_validation import folds_of
from striate.errors import DataError
from striate.model.preprocessing import LabelledPictures, Pixels
from striate.model.recogniser import Recogniser

PARTS = 5  # one of them is held out
HeldOut = tuple[NDArray[np.int64], NDArray[np.float64]]  # indices (m,) of pictures, their probabilities (m, K)


class PicturesPart:
    """View of some of a set of pictures, at `indices` (n,), with their labels; it holds none of them itself."""

    def __init__(self, pictures: Pixels | LabelledPictures, indices: NDArray[np.int64], labels: NDArray[np.int64],
                 classes: tuple[str, ...]) -> None:
        self.pictures, self.indices, self.labels, self.classes = pictures, indices, labels[indices], classes

    def take(self, indices: NDArray[np.int64]) -> Pixels:
        """The pictures at positions `indices` of this view, (n, H, W, C) uint8."""
        chosen = self.indices[indices]
        return self.pictures.take(chosen) if isinstance(self.pictures, LabelledPictures) else self.pictures[chosen]

    def __len__(self) -> int:
        return len(self.indices)


def held_out(member: Recogniser, pictures: Pixels | LabelledPictures, labels: NDArray[np.int64],
             classes: tuple[str, ...], seed: int) -> HeldOut:
    """Held-out probabilities of a fitted member: its own, or else those of a copy fitted on four of five parts.

    Args:
        member: fitted on all of `pictures`.
        pictures: (N, H, W, C) uint8, or a data set.
        labels: (N,) class indices.
        classes: the name or number of each class.
        seed: of the division into parts.

    """
    from sklearn.base import clone  # here, because it takes half a second that predicting need not wait for

    if member.held_out_ is not None:
        return member.held_out_
    part = folds_of(labels, min(PARTS, len(labels)), seed)
    fitted, rest = (PicturesPart(pictures, np.flatnonzero(chosen), labels, classes)
                    for chosen in (part != 0, part == 0))
    return rest.indices, clone(member).fit(fitted).predict_proba(rest)


def in_common(found: Sequence[HeldOut]) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """The pictures that all have held-out probabilities of: their indices (n,), sorted, and the probabilities of each.

    >>> one, other = (np.array([4, 2]), np.array([[0.4], [0.2]])), (np.array([2, 3]), np.array([[0.9], [0.8]]))
    >>> in_common([one, other])
    (array([2]), [array([[0.2]]), array([[0.9]])])
    """
    common = np.sort(found[0][0])
    for indices, _ in found[1:]:
        common = np.intersect1d(common, indices)
    rows = []
    for indices, probabilities in found:
        order = np.argsort(indices)
        rows.append(probabilities[order[np.searchsorted(indices, common, sorter=order)]])
    return common, rows


def refuse_few(indices: NDArray[np.int64]) -> None:
    """Refuse weights from fewer than two pictures in common (`few_pictures`)."""
    if len(indices) < 2:
        raise DataError("few_pictures", "the weights of an ensemble were to be learnt from held-out pictures",
                        allowed="two pictures or more that all members have held out are needed",
                        given=f"there are {len(indices)}", do="Add pictures")
