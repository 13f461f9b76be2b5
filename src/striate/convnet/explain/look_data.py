"""Data set that explanations look at: pictures at the recogniser's size, and the pixels of their files."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from striate.data.original import Original
from striate.model.preprocessing import LabelledPictures


class LookData(Protocol):
    """Pictures of one part of a data set, as explanations read them.

    `striate.tasks.look_pictures.LookPictures` is one.
    """

    @property
    def name(self) -> str:
        """The name of the data set."""
        ...

    @property
    def part(self) -> str:
        """Which part of it: test, validation, train or all."""
        ...

    @property
    def pictures(self) -> LabelledPictures:
        """The N pictures at the recogniser's size; `labels` are indexes into `classes`, which are the data set's."""
        ...

    @property
    def keys(self) -> list[str]:
        """The relative names of the pictures."""
        ...

    @property
    def digests(self) -> tuple[str, ...]:
        """32 hexadecimal digits for the content of each picture."""
        ...

    @property
    def leaked(self) -> int | None:
        """How many of them the recogniser was trained on, or has chosen its epoch by; None where that is not known."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the pictures, in clauses: damage, and whether the recogniser was trained on them."""
        ...

    def describe(self) -> list[object]:
        """JSON values that `hand_crafted` depends on, besides its pictures: its source and its settings."""
        ...

    def original(self, index: int) -> Original | None:
        """A picture's file in full size, its `pixels` (H, W, C) uint8, upright; None if it comes from no file."""
        ...

    def hand_crafted(self, picked: NDArray[np.int64],
                     folds: NDArray[np.int64]) -> tuple[NDArray[np.int64] | None, str]:
        """Classes (n,) of the pictures `picked` (n,) by hand-crafted features, fitted on the other folds (n,); what.

        None, and why, where such features are not defined.
        """
        ...
