"""Checks of class counts and names: empty, tiny, huge, missing in a part, or named nearly the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from striate.data.dataset_checks import learnable_counts
from striate.data.sources.class_folders import folded_name
from striate.errors import shown
from striate.quality.finding import Case, check
from striate.quality.scan import ScannedSource

FEW = 10  # pictures to learn from, below which a class is tiny: a test part of 20 % has one or two
MANY = 10.0  # times the median of the classes


def tiny_of(counted: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """The tiny classes among (name, pictures): some pictures, but too few; the smallest first.

    >>> tiny_of([("cat", 40), ("dog", 9), ("owl", 0), ("elk", 1)])
    [('elk', 1), ('dog', 9)]
    """
    return sorted(((name, count) for name, count in counted if 0 < count < FEW), key=lambda one: one[1])


def huge_of(counted: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """The huge classes among (name, pictures): many times as large as the median; the largest first.

    >>> huge_of([("cat", 40), ("dog", 30), ("elk", 401)]), huge_of([("cat", 40), ("elk", 401)])
    ([('elk', 401)], [('elk', 401)])
    """
    there = [(name, count) for name, count in counted if count]
    if not there:
        return []
    usual, least = float(np.median([count for _, count in there])), min(count for _, count in there)
    huge = [one for one in there if one[1] > MANY * usual or (len(there) == 2 and one[1] > MANY * least)]
    return sorted(huge, key=lambda one: -one[1])


@check("empty_class", "error", "classes without a picture to learn from",
       "Add pictures or remove the folder; striate train asks for --allow-empty-class.")
def empty(scanned: ScannedSource) -> Iterator[Case]:
    """Classes without a picture to learn from."""
    for name, count in _counted(scanned):
        if not count:
            yield Case((), shown(name, 80))


@check("tiny_class", "warning", f"classes of fewer than {FEW} pictures to learn from",
       "Neither learning nor measuring works with so few. Add pictures, or merge them with a class they belong to.")
def tiny(scanned: ScannedSource) -> Iterator[Case]:
    """Classes of too few pictures to learn or to measure."""
    for name, count in tiny_of(_counted(scanned)):
        yield Case((), f"{shown(name, 80)}: {count} {'picture' if count == 1 else 'pictures'}")


@check("huge_class", "warning", f"classes of more than {MANY:g} times as many pictures as usual",
       "Read balanced accuracy rather than accuracy, and think of --balance.")
def huge(scanned: ScannedSource) -> Iterator[Case]:
    """Classes many times as large as the usual one."""
    counted = _counted(scanned)
    for name, count in huge_of(counted):
        smallest = min(one for _, one in counted if one)
        yield Case((), f"{shown(name, 80)}: {count:,} pictures; the smallest class has {smallest:,}")


@check("class_names", "error", "class names that macOS and Windows cannot tell apart",
       "Most often they are one class; striate train refuses them. Merge or rename them.")
def clashing(scanned: ScannedSource) -> Iterator[Case]:
    """Class names that differ by case or by the encoding of accents only."""
    names = defaultdict[str, list[str]](list)
    for name in scanned.source.classes:
        names[folded_name(name)].append(name)
    for alike in names.values():
        if len(alike) > 1:
            yield Case((), " = ".join(ascii(name) for name in alike))


@check("class_sets", "warning", "classes that one part has and another has not",
       "Figures on such a test say nothing about them. Give each part the same classes.")
def missing(scanned: ScannedSource) -> Iterator[Case]:
    """Classes that one part has and another has not."""
    there = defaultdict[str, set[int]](set)
    for part, label in zip(scanned.source.parts, scanned.source.labels.tolist(), strict=True):
        there[part].add(label)
    for part in sorted(there.keys() - {"", "train"}):
        for label in sorted(there["train"] ^ there[part]):
            where = part if label in there["train"] else "train"
            yield Case((), f"{shown(scanned.source.classes[label], 80)}: no picture in {where}")


def _counted(scanned: ScannedSource) -> list[tuple[str, int]]:
    counts = learnable_counts(scanned.labels, scanned.parts, len(scanned.source.classes))
    return list(zip(scanned.source.classes, counts.tolist(), strict=True))


CHECKS = [clashing, empty, missing, tiny, huge]
