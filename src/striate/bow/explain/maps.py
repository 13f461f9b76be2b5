"""Explanations of one picture by a bag of words: contributions of words, an evidence map, and a map of words.

`contributions.py` divides the decision of an SVM into words and cells; the evidence map gives each part to the
descriptors that it comes from, and from there to the pixels that these cover.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from striate.bow.descriptors import positions_of
from striate.bow.explain.contributions import bin_contributions, word_sums
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import Grid
from striate.core.estimator import check_is_fitted
from striate.core.result import Result
from striate.errors import UsageError
from striate.model.explanation import Explanation, terms_of
from striate.model.recogniser import pictures_of

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class DescribedPicture:
    """One picture with its descriptors' words and features; functions below take it in place of the picture.

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
        """`picture` (H, W, C) uint8 of any size, described; a described one is returned as it is."""
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
        """Histogram of nearest words in each cell, (cells, words) int64, over the counted descriptors."""
        inside = [region[self.counted[region]] for region in self.regions]
        return np.stack([np.bincount(self.words[region], minlength=words) for region in inside]).astype(np.int64)

    def times(self, words: int) -> Ints:
        """Histogram of nearest words in the whole picture, (words,) int64."""
        return np.bincount(self.words[self.counted], minlength=words).astype(np.int64)


@dataclass(frozen=True)
class WordContribution(Result):
    """One word's contribution to a decision, in margins, over all cells, and how often it is the nearest word."""

    word: int
    value: float = field(metadata={"key": "said"})
    times: int


@dataclass(frozen=True, eq=False)
class WordView:
    """The words of one picture, for drawing.

    `pixels` (H, W, C) uint8; `y` and `x`, the rows and columns of a word map; `counts` (cells, K) int64 of words in the
    cells of `grids`.
    """

    pixels: Pixels
    y: NDArray[np.float32]
    x: NDArray[np.float32]
    counts: Ints
    grids: tuple[tuple[int, int], ...]


def classifier_column(model: BagOfWords, class_index: int) -> int:
    """The classifier's index of a class of `model.classes_`; refuses one without training picture (`unknown_class`)."""
    check_is_fitted(model, "pipeline_")
    found = np.flatnonzero(model.pipeline_.present == class_index)
    if not len(found):
        known = model.pipeline_.present
        raise UsageError("unknown_class", "what speaks for a class was asked for",
                         allowed=f"the {len(known):,} classes that were learnt, by number from {known[0]:,} to "
                         f"{known[-1]:,}, are allowed", given=f"{class_index} was given", do="Choose one of these")
    return int(found[0])


def contributions(model: BagOfWords, picture: Pixels | DescribedPicture, class_index: int) -> Explanation:
    """Contributions of each word in each cell to the decision for a class: (cells, words) float64, in margins.

    Args:
        model: fitted, with the classifier `linear_svm` or `kernel_svm`.
        picture: (H, W, C) uint8, or its `DescribedPicture`.
        class_index: of `model.classes_`.

    The total is the margin, `classifier.decision(features)`; the terms are the words, in the order of their numbers.
    What belongs to one word of VLAD, or to one component of Fisher vectors, is added up. Raises `UsageError`:
    `no_contributions`, `unknown_class`.

    >>> from striate.bow.encoders import Hard
    >>> grid = np.indices((32, 32))                                          # two classes: lines across, lines down
    >>> pictures = np.stack([(grid[i % 2] // 4 + i) % 2 * 200 for i in range(16)]).astype(np.uint8)
    >>> model = BagOfWords(encoder=Hard(8)).fit(pictures, ["across", "down"] * 8)
    >>> found = contributions(model, pictures[0, ..., None], class_index=0)
    >>> found.array.shape, found.unit, bool(found.total > 0)                 # 1 + 4 + 16 cells; it is evidence for it
    ((21, 8), 'across', True)

    """
    column, seen = classifier_column(model, class_index), DescribedPicture.of(model, picture)
    classifier = model.pipeline_.classifier
    bins = bin_contributions(classifier, seen.features, np.array([column]))
    parts = word_sums(model.pipeline_.description.encoder, bins.reshape(len(seen.regions), -1))
    words, margin = parts.sum(axis=0), float(classifier.decision(seen.features[None])[0, column])
    return Explanation(
        parts, "margins", "What each word in each cell adds to the decision for the class; that a word's presence "
        "makes the shares of all others smaller is not told from those others.",
        layer=type(classifier).__name__, unit=str(model.classes_[class_index]), total=margin,
        bias=margin - (float(words.clip(min=0).sum()) + float(words.clip(max=0).sum())),
        terms=terms_of((f"word {word}" for word in range(len(words))), words))


def evidence_map(model: BagOfWords, picture: Pixels | DescribedPicture, class_index: int) -> Explanation:
    """Map of the evidence for a class (above 0) or against it: (H, W) float64, margins per pixel.

    What a word adds in a cell is shared equally by the descriptors of that cell whose nearest word it is, and a
    descriptor's share by the pixels of the 4×4 bins that it covers, as far as they are in the picture. Soft codes and
    mixtures also give something to words that are nearest to none: all descriptors of the cell share that. The pixels
    sum to the decision without its bias. Refuses what `contributions` refuses.
    """
    seen = DescribedPicture.of(model, picture)
    whole = contributions(model, seen, class_index)
    parts = whole.array
    shares = np.zeros(len(seen.words))
    for cell, region in enumerate(seen.regions):
        inside = region[seen.counted[region]]
        if not len(inside):
            continue  # a cell without descriptors holds zeros, which add nothing
        words = seen.words[inside]
        times = np.bincount(words, minlength=parts.shape[1])
        shares[inside] += parts[cell, words] / times[words] + parts[cell, times == 0].sum() / len(inside)
    return replace(
        whole, array=scatter(shares, seen.grid), units="margins per pixel", terms=(),
        evidence="Where the words lie that add to the decision; a pixel has its share because a descriptor covers it, "
        "not because it was tried without it.")


def scatter(shares: Doubles, grid: Grid) -> Doubles:
    """Each descriptor's share, (D,), spread evenly over the pixels that it covers: (H, W) float64, same sum.

    >>> grid = Grid(*np.float32([[1.5], [0.5], [0.5]]), height=4, width=3)   # 2×2 pixels: rows 1 and 2, columns 0, 1
    >>> scatter(np.array([8.0]), grid).tolist()
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
    """First and last + 1 pixel of 4 bins around each centre, cut to the picture, one pixel at least."""
    first = np.ceil(centres - 2 * size).astype(np.int64).clip(0, length - 1)
    return first, np.maximum(np.ceil(centres + 2 * size).astype(np.int64).clip(0, length), first + 1)


def word_map(model: BagOfWords, picture: Pixels | DescribedPicture, class_index: int | None = None) -> Explanation:
    """Map of the nearest words at the points of the grid, at the smallest scale: (rows, columns) int64.

    −1 where there is no contrast. `word_positions` gives the points. It is the same for every class.
    """
    del class_index
    seen, (y, x) = DescribedPicture.of(model, picture), word_positions(model)
    sizes = model.pipeline_.description.sift.bin_sizes_
    one = slice(int(np.argmin(sizes)) * len(y) * len(x), (int(np.argmin(sizes)) + 1) * len(y) * len(x))
    return Explanation(
        np.where(seen.blank[one], -1, seen.words[one]).astype(np.int64).reshape(len(y), len(x)), "number of the word",
        "Which word is the nearest at each place; it shows what is counted, not what decides.", layer="encoder")


def word_positions(model: BagOfWords) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The y of the rows and x of the columns of `word_map`, in pixels of the resized picture, 0 at the first centre."""
    check_is_fitted(model, "pipeline_")
    grid = model.pipeline_.description.grid
    return np.unique(grid.y), np.unique(grid.x)


def strongest_words(found: Explanation, times: Ints,
                    count: int) -> tuple[tuple[WordContribution, ...], tuple[WordContribution, ...]]:
    """The `count` words at most that contribute most for a class, and most against it, in order; of `contributions`.

    `times` (words,): how often each is the nearest, as in `DescribedPicture.times`. Words that add nothing are in
    neither; `model.patches_` shows what they look like.
    """
    values = np.array([one.value for one in found.terms])

    def first(sign: int) -> tuple[WordContribution, ...]:
        order = np.argsort(-sign * values, kind="stable")[:count]
        return tuple(WordContribution(int(word), float(values[word]), int(times[word]))
                     for word in order if sign * values[word] > 0)

    return first(1), first(-1)


def word_view(model: BagOfWords, seen: DescribedPicture) -> WordView:
    """The words of a described picture, for drawing."""
    description = model.pipeline_.description
    return WordView(seen.pixels, *word_positions(model), seen.counts(len(description.encoder.words_)),
                    description.pyramid.checked())
