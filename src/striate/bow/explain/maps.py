"""What a bag of words sees in one picture, in numbers: words by place, and how much each speaks for a class.

The decision of an SVM is divided into words and cells by `contributions`; here each part is given to the
descriptors that it is owed to, and from there to the pixels that these cover.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from striate.bow.descriptors import positions_of
from striate.bow.explain.contributions import added, of_words
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import Grid
from striate.errors import UsageError
from striate.model.recogniser import pictures_of

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class DescribedPicture:
    """One picture as the stages of a model see it; takes the place of a picture below, so that it is described once.

    `pixels` (H, W, C) uint8, resized; `words` (D,) int32, the nearest word of each descriptor; `blank` (D,) bool, those
    without contrast, all zeros; `counted` (D,) bool, those that the encoder counts; `features` (cells · width,)
    float32; `regions`, the indices of the descriptors in each cell.
    """

    pixels: Pixels
    words: NDArray[np.int32]
    blank: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    features: NDArray[np.float32]
    regions: list[NDArray[np.int32]]
    grid: Grid

    @classmethod
    def of(cls, model: BagOfWords, picture: Pixels | Self) -> Self:
        """`picture` (H, W, C) uint8 of any size, described; one that has been described already is given back."""
        if isinstance(picture, cls):
            return picture
        check_is_fitted(model, "pipeline_")
        pixels = model.preparation_.apply(pictures_of(np.asarray(picture)[None])).take(np.zeros(1, np.int64))
        description = model.pipeline_.description
        encoder, pyramid, grid = description.encoder, description.pyramid, description.grid
        found, positions = description.sift.transform(pixels), positions_of(grid)
        regions = pyramid.regions(grid.y, grid.x, grid.height, grid.width)
        features = pyramid.join(encoder.encode(found, positions, regions, pyramid.pool))[0]
        blank = ~found[0].any(axis=1)
        counted = ~blank if encoder.skip_zero else np.ones(len(blank), bool)
        return cls(pixels[0], encoder.assigned(found[0], positions)[0], blank, counted, features, regions, grid)

    def counts(self, words: int) -> Ints:
        """How often each of so many words is the nearest in each cell, (cells, words) int64, of those counted."""
        inside = [region[self.counted[region]] for region in self.regions]
        return np.stack([np.bincount(self.words[region], minlength=words) for region in inside]).astype(np.int64)

    def times(self, words: int) -> Ints:
        """The same in the whole picture, (words,)."""
        return np.bincount(self.words[self.counted], minlength=words).astype(np.int64)


@dataclass(frozen=True)
class WordContribution:
    """One word: what it adds to a decision, in margins, over all cells, and how often it is the nearest."""

    word: int
    said: float
    times: int


def column_of(model: BagOfWords, class_index: int) -> int:
    """The classifier's number of a class of `model.classes_`; refuses one it never saw (`unknown_class`)."""
    check_is_fitted(model, "pipeline_")
    found = np.flatnonzero(model.pipeline_.present == class_index)
    if not len(found):
        known = model.pipeline_.present
        raise UsageError("unknown_class", "what speaks for a class was asked for",
                         allowed=f"the {len(known):,} classes that were learnt, by number from {known[0]:,} to "
                         f"{known[-1]:,}, are allowed", given=f"{class_index} was given", do="Choose one of these")
    return int(found[0])


def contributions(model: BagOfWords, picture: Pixels | DescribedPicture, class_index: int) -> Doubles:
    """What each word in each cell adds to the decision for a class, (cells, words) float64, in margins.

    Args:
        model: fitted, with the classifier `linear_svm` or `kernel_svm`.
        picture: (H, W, C) uint8, or what `Seen.of` made of it.
        class_index: of `model.classes_`.

    Together with the bias of the class this sums to `classifier.decision(features)`. What belongs to one word of VLAD,
    or to one component of Fisher vectors, is added up. Raises `UsageError`: `no_contributions`, `unknown_class`.

    >>> from striate.bow.encoders import Hard
    >>> grid = np.indices((32, 32))                                          # two classes: lines across, lines down
    >>> pictures = np.stack([(grid[i % 2] // 4 + i) % 2 * 200 for i in range(16)]).astype(np.uint8)
    >>> model = BagOfWords(encoder=Hard(8)).fit(pictures, ["across", "down"] * 8)
    >>> parts = contributions(model, pictures[0, ..., None], class_index=0)
    >>> parts.shape, bool(parts.sum() > 0)                                   # 1 + 4 + 16 cells; it speaks for "across"
    ((21, 8), True)

    """
    column, seen = column_of(model, class_index), DescribedPicture.of(model, picture)
    bins = added(model.pipeline_.classifier, seen.features, np.array([column]))
    return of_words(model.pipeline_.description.encoder, bins.reshape(len(seen.regions), -1))


def said_by_place(model: BagOfWords, picture: Pixels | DescribedPicture, class_index: int) -> Doubles:
    """Where in the picture it is that speaks for a class (above 0) or against it: (H, W) float64, margins per pixel.

    What a word adds in a cell is shared equally by the descriptors of that cell whose nearest word it is, and a
    descriptor's share by the pixels of the 4×4 bins that it covers, as far as they are in the picture. Soft codes and
    mixtures also give something to words that are nearest to none: all descriptors of the cell share that. The pixels
    sum to `contributions(…).sum()`, the decision without its bias. Refuses what `contributions` refuses.
    """
    seen = DescribedPicture.of(model, picture)
    said = contributions(model, seen, class_index)
    shares = np.zeros(len(seen.words))
    for cell, region in enumerate(seen.regions):
        inside = region[seen.counted[region]]
        if not len(inside):
            continue  # a cell without descriptors holds zeros, which add nothing
        words = seen.words[inside]
        times = np.bincount(words, minlength=said.shape[1])
        shares[inside] += said[cell, words] / times[words] + said[cell, times == 0].sum() / len(inside)
    return spread(shares, seen.grid)


def spread(shares: Doubles, grid: Grid) -> Doubles:
    """Each descriptor's share, (D,), spread evenly over the pixels that it covers: (H, W) float64, same sum.

    >>> grid = Grid(*np.float32([[1.5], [0.5], [0.5]]), height=4, width=3)   # 2×2 pixels: rows 1 and 2, columns 0, 1
    >>> spread(np.array([8.0]), grid).tolist()
    [[0.0, 0.0, 0.0], [2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 0.0]]
    """
    top, bottom = _covered(grid.y, grid.bin, grid.height)
    left, right = _covered(grid.x, grid.bin, grid.width)
    density = shares / ((bottom - top) * (right - left))
    corners = np.zeros((grid.height + 1, grid.width + 1))
    for rows, columns, sign in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
        np.add.at(corners, (rows, columns), sign * density)
    return np.asarray(corners.cumsum(axis=0).cumsum(axis=1)[:-1, :-1])


def _covered(centres: NDArray[np.float32], size: NDArray[np.float32], length: int) -> tuple[Ints, Ints]:
    """First pixel and first pixel beyond of 4 bins around each centre, cut to the picture, one pixel at least."""
    first = np.ceil(centres - 2 * size).astype(np.int64).clip(0, length - 1)
    return first, np.maximum(np.ceil(centres + 2 * size).astype(np.int64).clip(0, length), first + 1)


def word_map(model: BagOfWords, picture: Pixels | DescribedPicture) -> Ints:
    """The nearest word at each point of the grid, at the smallest of the scales: (rows, columns) int64.

    −1 where there is no contrast. `map_places` says where the points are.
    """
    seen, (y, x) = DescribedPicture.of(model, picture), map_places(model)
    sizes = model.pipeline_.description.sift.bin_sizes_
    one = slice(int(np.argmin(sizes)) * len(y) * len(x), (int(np.argmin(sizes)) + 1) * len(y) * len(x))
    return np.where(seen.blank[one], -1, seen.words[one]).astype(np.int64).reshape(len(y), len(x))


def map_places(model: BagOfWords) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The rows' y and the columns' x in `word_map`, in pixels of the resized picture, 0 the centre of the first."""
    check_is_fitted(model, "pipeline_")
    grid = model.pipeline_.description.grid
    return np.unique(grid.y), np.unique(grid.x)


def telling(
    model: BagOfWords, picture: Pixels | DescribedPicture, class_index: int, count: int
) -> tuple[list[WordContribution], list[WordContribution]]:
    """The `count` words at most that speak most for a class in this picture, and those most against it, in order.

    Words that add nothing are in neither; `model.patches_` shows what they look like. Refuses what `contributions`
    refuses.
    """
    seen = DescribedPicture.of(model, picture)
    said = contributions(model, seen, class_index).sum(axis=0)
    times = seen.times(len(said))

    def first(sign: int) -> list[WordContribution]:
        order = np.argsort(-sign * said, kind="stable")[:count]
        return [
            WordContribution(int(word), float(said[word]), int(times[word])) for word in order if sign * said[word] > 0
        ]

    return first(1), first(-1)
