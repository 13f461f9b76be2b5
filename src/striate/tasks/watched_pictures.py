"""Pictures that tell how many of them have been read: the progress of whatever goes through them in order."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from striate.model.preprocessing import LabelledPictures, Pixels


class WatchedPictures:
    """Labelled pictures as `whole` has them; `tell` is called with (read so far, all) whenever more are taken.

    A recogniser takes pictures in batches, so they are computed as if nobody watched: to the same bits.
    """

    def __init__(self, whole: LabelledPictures, tell: Callable[[int, int], object]) -> None:
        self.whole, self.tell, self.read = whole, tell, 1  # a recogniser looks at the first one's size
        self._turn = Lock()

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class index of each picture, (N,) int64."""
        return self.whole.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        return self.whole.classes

    def take(self, indices: NDArray[np.int64]) -> Pixels:
        """The pictures at `indices`, (n, H, W, C) uint8."""
        last = int(indices.max(initial=-1)) + 1
        with self._turn:  # several batches are taken at the same time
            if last > self.read:
                self.read = last
                self.tell(last, len(self))
        return self.whole.take(indices)

    def __len__(self) -> int:
        return len(self.whole)
