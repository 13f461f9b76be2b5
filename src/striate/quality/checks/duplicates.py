"""Checks for duplicates and near-duplicates: across parts (leaks), under two labels, or within a class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from striate.quality.finding import Case, check
from striate.quality.scan import ScannedSource

PART_ORDER = {"train": 0, "": 0, "validation": 1, "test": 2}  # of a leak the copies in the last part stay


@check("leak", "error", "pictures in two parts",
       "What was learnt by heart counts as recognised. Remove them from the part that is learnt from.")
def leaks(scanned: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes in two parts."""
    for group in _identical_groups(scanned):
        if len({scanned.parts[i] for i in group}) > 1:
            yield Case(_keys_of(scanned, group), "the same bytes", _redundant(scanned, group))


@check("near_leak", "error", "pictures in two parts that look the same",
       "Resized, saved again, or mirrored: as bad as the same file. Remove them from the part that is learnt from.")
def near_leaks(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, in two parts."""
    for group, nearness in _similar_groups(scanned):
        if len({scanned.parts[i] for i in group}) > 1:
            yield Case(_keys_of(scanned, group), nearness, _redundant(scanned, group))


@check("label_conflict", "error", "pictures under two labels",
       "At most one of the labels is right. Delete the wrong ones.")
def conflicts(scanned: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes under two labels."""
    for group in _identical_groups(scanned):
        if len({int(scanned.labels[i]) for i in group}) > 1:
            yield Case(_keys_of(scanned, group), "the same bytes", _keys_of(scanned, group))


@check("near_conflict", "warning", "pictures that look the same under two labels",
       "Resized, saved again, or mirrored; at most one of the labels is right. Look at them.")
def near_conflicts(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, under two labels."""
    for group, nearness in _similar_groups(scanned):
        if len({int(scanned.labels[i]) for i in group}) > 1:
            yield Case(_keys_of(scanned, group), nearness)


@check("copy", "warning", "copies within a class",
       "They count twice in training, and in a test they make it surer than it is. Keep one of each.")
def copies(scanned: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes in one part and one class."""
    for group in _identical_groups(scanned):
        if _one_part_and_class(scanned, group):
            yield Case(_keys_of(scanned, group), "the same bytes")


@check("near_copy", "warning", "pictures within a class that look the same",
       "Resized, saved again, mirrored, or one of a series: when they are divided, one part knows the other.")
def near_copies(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, in one part and one class."""
    for group, nearness in _similar_groups(scanned):
        if _one_part_and_class(scanned, group):
            yield Case(_keys_of(scanned, group), nearness)


def _identical_groups(scanned: ScannedSource) -> list[list[int]]:
    """Groups of pictures of the same bytes."""
    groups = defaultdict[str, list[int]](list)
    for i, one in enumerate(scanned.facts):
        groups[one.digest].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _similar_groups(scanned: ScannedSource) -> Iterator[tuple[list[int], str]]:
    """Groups of near-duplicates, not all of the same bytes, the nearest first, with their distance as text."""
    root: dict[int, int] = {}

    def find(i: int) -> int:
        while root.setdefault(i, i) != i:
            root[i] = i = root[root[i]]
        return i

    for pair in scanned.pairs:
        root[find(pair.first)] = find(pair.second)
    groups, nearest, mirrored = defaultdict[int, set[int]](set), dict[int, float](), set[int]()
    for pair in scanned.pairs:
        top = find(pair.first)
        groups[top] |= {pair.first, pair.second}
        nearest[top] = min(nearest.get(top, pair.distance), pair.distance)
        mirrored |= {top} if pair.mirrored else set()
    bytes_alike = {i: group for group in _identical_groups(scanned) for i in group}
    for top in sorted(groups, key=lambda top: (nearest[top], top)):
        group = sorted({j for i in groups[top] for j in bytes_alike.get(i, [i])})
        yield group, f"distance {nearest[top]:.3f}" + (", mirrored" if top in mirrored else "")


def _one_part_and_class(scanned: ScannedSource, group: list[int]) -> bool:
    return len({(scanned.parts[i], int(scanned.labels[i])) for i in group}) == 1


def _keys_of(scanned: ScannedSource, group: list[int]) -> tuple[str, ...]:
    return tuple(scanned.keys[i] for i in group)


def _redundant(scanned: ScannedSource, group: list[int]) -> tuple[str, ...]:
    """All but those of the part that judges: a test part stays as it is, and training pictures are left out."""
    last = max(PART_ORDER[scanned.parts[i]] for i in group)
    return tuple(scanned.keys[i] for i in group if PART_ORDER[scanned.parts[i]] < last)


CHECKS = [leaks, near_leaks, conflicts, near_conflicts, copies, near_copies]
