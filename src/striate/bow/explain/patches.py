"""Word patches: the mean of the patches of each visual word, and those nearest to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from striate.bow.descriptors import DescriptorSample
from striate.bow.encoders import Encoder
from striate.bow.sift.colour_space import planes_of
from striate.bow.sift.grid import Grid
from striate.model.preprocessing import LabelledPictures

SIDE = 16  # pixels of a patch, resized from its picture
NEAREST = 6
MOST_SAMPLED = 50_000  # descriptors of the sample that patches are cut for


@dataclass(frozen=True)
class WordPatches:
    """Patches of words: `mean` (K, 16, 16), `nearest` (K, 6, 16, 16) uint8, nearest first; `counts` (K,) int64.

    A patch is what one descriptor covers, 4×4 bins, in grey. A word with fewer patches than six has black ones.
    """

    mean: NDArray[np.uint8]
    nearest: NDArray[np.uint8]
    counts: NDArray[np.int64]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {"mean": self.mean, "nearest": self.nearest, "counts": self.counts}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], words: int) -> Self:
        """The patches of so many words from `arrays()`; ValueError where they do not fit."""
        wanted = {"mean": ((words, SIDE, SIDE), np.uint8), "nearest": ((words, NEAREST, SIDE, SIDE), np.uint8),
                  "counts": ((words,), np.int64)}
        if arrays.keys() != wanted.keys():
            raise ValueError(f"patches must be {', '.join(wanted)}")
        for name, (shape, dtype) in wanted.items():
            if arrays[name].shape != shape or arrays[name].dtype != dtype:
                raise ValueError(f"the {name} of patches must be {np.dtype(dtype).name} of shape {shape}")
        return cls(**arrays)


def patches_of(encoder: Encoder, sample: DescriptorSample, pictures: LabelledPictures, grid: Grid) -> WordPatches:
    """The patches of every word, cut from the pictures that the sample was drawn from."""
    alive = np.flatnonzero(sample.descriptors.any(axis=1)) if encoder.skip_zero else np.arange(len(sample.origins))
    some = alive[np.linspace(0, len(alive) - 1, min(MOST_SAMPLED, len(alive))).astype(np.int64)]
    words, far = encoder.assigned(sample.descriptors[some], sample.positions[some])
    origins = sample.origins[some]
    cut = np.empty((len(some), SIDE, SIDE), np.float32)
    for picture in np.unique(origins[:, 0]):
        rows = np.flatnonzero(origins[:, 0] == picture)
        grey = planes_of(pictures.take(np.array([picture]))[0], "grey")[0]
        which = origins[rows, 1]
        cut[rows] = windows(grey, grid.y[which], grid.x[which], 4 * grid.bin[which])
    count = len(encoder.words_)
    counts = np.bincount(words, minlength=count)
    order = np.lexsort((far, words))
    starts = np.append(0, np.cumsum(counts))
    mean = np.zeros((count, SIDE, SIDE), np.uint8)
    nearest = np.zeros((count, NEAREST, SIDE, SIDE), np.uint8)
    for word in np.flatnonzero(counts):
        own = order[starts[word] : starts[word + 1]]
        mean[word] = cut[own].mean(axis=0).round()
        nearest[word, : len(own[:NEAREST])] = cut[own[:NEAREST]].round()
    return WordPatches(mean, nearest, counts.astype(np.int64))


def windows(grey: NDArray[np.float32], y: NDArray[np.float32], x: NDArray[np.float32],
            side: NDArray[np.float32]) -> NDArray[np.float32]:
    """Square patches of a picture (H, W) around (y, x), `side` wide, bilinearly resized to 16×16: (n, 16, 16).

    The edge is continued outside the picture.

    >>> grey = np.arange(32, dtype=np.float32) * np.ones((32, 1), np.float32)       # its values are its columns
    >>> windows(grey, np.float32([16]), np.float32([15.5]), np.float32([16]))[0, 0]  # one pixel apart, from 8 on
    array([ 8.,  9., 10., 11., 12., 13., 14., 15., 16., 17., 18., 19., 20.,
           21., 22., 23.], dtype=float32)
    """
    height, width = grey.shape
    steps = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / SIDE - np.float32(0.5)
    down = (y[:, None] + steps * side[:, None]).clip(0, height - 1)[:, :, None]
    right = (x[:, None] + steps * side[:, None]).clip(0, width - 1)[:, None, :]
    top, left = np.floor(down).astype(np.int64), np.floor(right).astype(np.int64)
    below, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    v, u = down - top, right - left
    upper = grey[top, left] * (1 - u) + grey[top, beside] * u
    lower = grey[below, left] * (1 - u) + grey[below, beside] * u
    return np.asarray(upper * (1 - v) + lower * v, np.float32)
