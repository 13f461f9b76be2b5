"""Streams of SIFT descriptors, picture by picture, to be sampled or encoded; they are never all in memory."""

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
MOST_PER_PICTURE = 250  # descriptors sampled from a picture while there are pictures enough


@dataclass(frozen=True)
class StageProgress:
    """Progress callback of fitting: gets (stage, done, total) after every batch; raises `Interrupted` on `stop`."""

    on_progress: Callable[[str, int, int], object] = lambda *_: None
    stop: Callable[[], bool] = bool

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report; stop if requested, but for a finished stage, which is cached first."""
        self.on_progress(stage, done, total)
        if done < total:
            self.stop_if_requested(stage, f"{done:,} of {total:,} were done")

    def stop_if_requested(self, stage: str, reached: str = "it is done, and kept where there is a cache") -> None:
        """Raise `Interrupted` (`stopped`) if `stop` returns true."""
        if self.stop():
            raise Interrupted("stopped", f"a bag of words was to be learnt: {stage}", given=reached,
                              do="Start again: finished stages are kept where there is a cache")


@dataclass(frozen=True)
class DescriptorSample:
    """A sample of descriptors (m, d) float32, with their positions (m, 2), (y, x) in 0..1, and origins.

    `origins` (m, 2) int64: the index of the picture, and of the descriptor in it.
    """

    descriptors: Floats
    positions: Floats
    origins: NDArray[np.int64]


def descriptor_batches(sift: DenseSIFT, pictures: LabelledPictures, indices: NDArray[np.int64], grid: Grid,
                       feature: int = 0) -> Iterator[tuple[slice, Floats]]:
    """Batches of descriptors of the pictures at `indices`: (slice of the indices, (n, D, d)).

    Each batch is written over the one before; it is small enough for features of `feature` dimensions, too.
    """
    count, width = len(grid.y), sift.n_features_
    size = max(1, min(len(indices), BATCH // (4 * max(count * width, feature))))
    memory = np.empty((size, count, width), np.float32)
    for start in range(0, len(indices), size):
        part = slice(start, min(start + size, len(indices)))
        yield part, sift.transform(pictures.take(indices[part]), out=memory[: part.stop - start])


def positions_of(grid: Grid) -> Floats:
    """Positions (y, x) of the descriptors as fractions of height and width, (D, 2) float32, 0 to 1."""
    places = np.stack([(grid.y + 0.5) / grid.height, (grid.x + 0.5) / grid.width], axis=1)
    return np.asarray(places.clip(0, 1), np.float32)


def sample_descriptors(sift: DenseSIFT, pictures: LabelledPictures, grid: Grid, count: int, seed: int,
                       watch: StageProgress) -> DescriptorSample:
    """A random sample of about `count` descriptors, equally many from each of some pictures; `seed` decides which."""
    total = len(grid.y)
    generator = np.random.Generator(np.random.Philox(seed))
    several = min(len(pictures), max(1, -(-count // min(MOST_PER_PICTURE, total))))
    chosen = np.sort(generator.permutation(len(pictures))[:several])
    each = min(total, -(-count // several))
    which = np.stack([np.sort(generator.permutation(total)[:each]) for _ in range(several)])
    descriptors = np.empty((several, each, sift.n_features_), np.float32)
    for part, found in descriptor_batches(sift, pictures, chosen, grid):
        descriptors[part] = np.take_along_axis(found, which[part][..., None], axis=1)
        watch("descriptors to learn words from", part.stop, several)
    origins = np.stack([np.repeat(chosen, each), which.reshape(-1)], axis=1)
    return DescriptorSample(descriptors.reshape(-1, sift.n_features_), positions_of(grid)[which.reshape(-1)], origins)
