"""Descriptors as a stream, picture by picture: sampled or encoded. They are never all in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.bow.sift import DenseSIFT
from striate.bow.sift.grid import Grid
from striate.errors import Interrupted
from striate.model.preprocessing import LabelledPictures

Floats = NDArray[np.float32]
BATCH = 96 << 20  # bytes of descriptors at once
FROM_ONE = 250  # descriptors drawn from a picture, at most, while there are pictures enough


@dataclass(frozen=True)
class StageProgress:
    """Told (stage, done, total) after every batch; where `stop` turns true, `Interrupted` is raised."""

    tell: Callable[[str, int, int], object] = lambda *_: None
    stop: Callable[[], bool] = bool

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell; stop, unless the stage is done, for then it is kept first."""
        self.tell(stage, done, total)
        if done < total:
            self.ask(stage, f"{done:,} of {total:,} were done")

    def ask(self, stage: str, reached: str = "it is done, and kept where there is a cache") -> None:
        """Raise `Interrupted` (`stopped`) where `stop` says so."""
        if self.stop():
            raise Interrupted("stopped", f"a bag of words was to be learnt: {stage}", given=reached,
                              do="Start again: finished stages are kept where there is a cache")


@dataclass(frozen=True)
class DescriptorSample:
    """Descriptors (m, d) float32, their positions (m, 2) in 0..1 (y, x), and where they are from.

    `origins` (m, 2) int64: the index of the picture, and of the descriptor in it.
    """

    descriptors: Floats
    positions: Floats
    origins: NDArray[np.int64]


def described(sift: DenseSIFT, pictures: LabelledPictures, indices: NDArray[np.int64], grid: Grid,
              feature: int = 0) -> Iterator[tuple[slice, Floats]]:
    """The descriptors of the pictures at `indices`, batch by batch: (which of the indices, (n, D, d)).

    Each batch is written over the one before; it is small enough for features of `feature` numbers, too.
    """
    count, width = len(grid.y), sift.n_features_
    size = max(1, min(len(indices), BATCH // (4 * max(count * width, feature))))
    memory = np.empty((size, count, width), np.float32)
    for start in range(0, len(indices), size):
        part = slice(start, min(start + size, len(indices)))
        yield part, sift.transform(pictures.take(indices[part]), out=memory[: part.stop - start])


def positions_of(grid: Grid) -> Floats:
    """(y, x) of each descriptor as parts of height and width, (D, 2) float32, 0 to 1."""
    places = np.stack([(grid.y + 0.5) / grid.height, (grid.x + 0.5) / grid.width], axis=1)
    return np.asarray(places.clip(0, 1), np.float32)


def drawn(sift: DenseSIFT, pictures: LabelledPictures, grid: Grid, count: int, seed: int,
          watch: StageProgress) -> DescriptorSample:
    """About `count` descriptors, equally many from each of some pictures; `seed` decides which."""
    total = len(grid.y)
    generator = np.random.Generator(np.random.Philox(seed))
    asked = min(len(pictures), max(1, -(-count // min(FROM_ONE, total))))
    chosen = np.sort(generator.permutation(len(pictures))[:asked])
    each = min(total, -(-count // asked))
    which = np.stack([np.sort(generator.permutation(total)[:each]) for _ in range(asked)])
    descriptors = np.empty((asked, each, sift.n_features_), np.float32)
    for part, found in described(sift, pictures, chosen, grid):
        descriptors[part] = np.take_along_axis(found, which[part][..., None], axis=1)
        watch("descriptors to learn words from", part.stop, asked)
    origins = np.stack([np.repeat(chosen, each), which.reshape(-1)], axis=1)
    return DescriptorSample(descriptors.reshape(-1, sift.n_features_), positions_of(grid)[which.reshape(-1)], origins)
