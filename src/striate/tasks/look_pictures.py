"""Data set of `striate look --data`: one part of any data set that `evaluate` reads, with its picture files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders import Hard
from striate.bow.recogniser import BagOfWords
from striate.core.cache import code_digest
from striate.data import Dataset
from striate.data.original import Original
from striate.errors import UsageError
from striate.model.recogniser import Recogniser
from striate.tasks.labelled_part import LabelledPart
from striate.tasks.progress import Progress

WORDS, ROUNDS, DESCRIPTORS = 100, 10, 3_000  # of the hand-crafted baseline: words, k-means, sample; some seconds
CODE = ("bow", "classifiers", "tasks/look_pictures.py")  # of the same baseline


@dataclass(frozen=True, eq=False)
class LookPictures:
    """Pictures of one part of a data set that explanations look at; `found` is the part, packed."""

    found: LabelledPart

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.found.data.name

    @property
    def part(self) -> str:
        """Which part of it: test, validation, train or all."""
        return self.found.part

    @property
    def pictures(self) -> Dataset:
        """The pictures at the recogniser's size, with labels."""
        return self.found.pictures

    @property
    def keys(self) -> list[str]:
        """The relative names of the pictures."""
        return self.found.pictures.keys

    @property
    def digests(self) -> tuple[str, ...]:
        """32 hexadecimal digits for the content of each picture."""
        return self.found.pictures.digests

    @property
    def leaked(self) -> int | None:
        """How many of them are among those of training or validation; None where that is not known."""
        return self.found.leaked

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the pictures, in clauses: damage, and whether the recogniser was trained on them."""
        return self.found.notes

    def describe(self) -> list[object]:
        """JSON values that `hand_crafted` depends on, besides its pictures: its source and its settings."""
        return [code_digest(CODE, ("numpy", "scipy", "scikit-learn")), WORDS, ROUNDS, DESCRIPTORS]

    def original(self, index: int) -> Original | None:
        """A picture's file in full size, its `pixels` (H, W, C) uint8, upright; None if it comes from no file."""
        return self.found.data.original(int(self.found.pictures.indices[index]))

    def hand_crafted(self, picked: NDArray[np.int64],
                     folds: NDArray[np.int64]) -> tuple[NDArray[np.int64] | None, str]:
        """Classes (n,) of the pictures `picked` (n,) by a small bag of words, fitted on the other folds (n,); what.

        Its words, too, are learnt without the fold that it classifies. None, and why, where a picture has no
        descriptor.
        """
        images, labels = self.pictures.take(picked), self.pictures.labels[picked]
        found = np.zeros(len(picked), np.int64)
        try:
            for fold in range(int(folds.max()) + 1):
                learnt, held = folds != fold, folds == fold
                words = BagOfWords(encoder=Hard(WORDS, iterations=ROUNDS), sample=DESCRIPTORS, flip=False)
                found[held] = words.fit(images[learnt], labels[learnt]).predict(images[held])
        except UsageError as error:  # too small for a descriptor
            return None, f"no hand-crafted features: {error.asked}, {error.given}"
        return found, f"bag of {WORDS} visual words of dense SIFT, in a spatial pyramid, with a linear classifier"


def look_data(recogniser: Recogniser, data: str, *, model: str | Path | None = None,
              progress: Progress | None = None) -> LookPictures:
    """The pictures of `data`, a folder or the name of a known set, as `recogniser` reads them.

    The part is the one that `striate.evaluate` would measure on; `model` is the recogniser's file, whose `split.json`
    is read. Raises what `striate.evaluate` raises for its data.
    """
    return LookPictures(LabelledPart.of(recogniser.preparation_, data, model=Path(model) if model else None,
                                        progress=progress))
