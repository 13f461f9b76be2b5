"""Tables of a report: classes, confusion matrix, and the classes most often confused."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from striate.report.train_result import TrainingData
from striate.stats.metrics import ClassResult, Evaluation

LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # shares of a row where the colour deepens: mistakes are rare, so not linear
AS_TABLE = 16  # up to so many classes the matrix is a table with its counts, above a map of colours
AS_MAP = 200  # above, cells would be smaller than a screen's pixels on a phone


@dataclass(frozen=True)
class ConfusionCell:
    """One cell of the confusion table: its count and a colour level 0 (none) to 7."""

    count: int
    level: int
    right: bool


@dataclass(frozen=True)
class ConfusedPair:
    """`count` of `of` pictures of class `actual` were classified as `predicted`."""

    actual: str
    predicted: str
    count: int
    of: int

    @property
    def share(self) -> float:
        """The share of the class, in 0..1."""
        return self.count / self.of


def level(count: int, row: int) -> int:
    """The colour level of `count` out of the `row` pictures of a class: 0 for none, then 1 to 7.

    >>> [level(count, 100) for count in (0, 1, 2, 5, 10, 20, 50, 100)]
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    return 1 + bisect_left(LEVELS, count / row) if count else 0


def cells(confusion: Sequence[Sequence[int]]) -> list[list[ConfusionCell]]:
    """The matrix (K, K) with a colour for each cell, normalised by row."""
    return [[ConfusionCell(count, level(count, sum(row)), i == j) for j, count in enumerate(row)]
            for i, row in enumerate(confusion)]


def heat_map(confusion: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
    """The matrix (K, K) as few SVG paths of unit squares: (CSS class, path), one for each colour."""
    paths: dict[str, list[str]] = {}
    for i, row in enumerate(confusion):
        total = sum(row)
        for j, count in enumerate(row):
            if count:
                colour = f"{'right' if i == j else 'wrong'} h{level(count, total)}"
                paths.setdefault(colour, []).append(f"M{j} {i}h1v1h-1z")
    return [(colour, "".join(paths[colour])) for colour in sorted(paths)]


def confused(result: Evaluation, limit: int) -> list[ConfusedPair]:
    """The `limit` pairs of classes most often confused, by count, then by share.

    >>> from striate.stats.metrics import evaluate
    >>> cat, dog = [0.9, 0.1], [0.1, 0.9]
    >>> found = evaluate([0, 0, 0, 0, 1, 1], [cat, cat, cat, dog, cat, dog], ["cat", "dog"])
    >>> confused(found, 1)                                             # one each, but of only two dogs
    [ConfusedPair(actual='dog', predicted='cat', count=1, of=2)]
    """
    rows = result.per_class
    pairs = [ConfusedPair(rows[i].name, rows[j].name, count, rows[i].count)
             for i, row in enumerate(result.confusion.tolist()) for j, count in enumerate(row) if count and i != j]
    return sorted(pairs, key=lambda pair: (-pair.count, -pair.share))[:limit]


def class_counts(data: TrainingData) -> list[tuple[str, list[int]]]:
    """For each class its name and its number of pictures in each part, in the order of `data.counts`."""
    parts = list(data.counts.values())
    return [(name, [part[i] for part in parts]) for i, name in enumerate(data.classes)]


def weakest_first(per_class: Sequence[ClassResult]) -> list[ClassResult]:
    """Classes by rising recall, those without pictures last."""
    return sorted(per_class, key=lambda row: (row.recall is None, row.recall or 0, -row.count))
