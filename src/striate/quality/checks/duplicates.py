"""Checks for duplicates and near-duplicates: across parts (leaks), under two labels, or within a class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from striate.quality.finding import Case, check
from striate.quality.scan import ScannedSource

FOR_WHAT = {"train": 0, "": 0, "validation": 1, "test": 2}  # what is kept of a leak: the copy that judges


@check("leak", "error", "pictures in two parts",
       "What was learnt by heart counts as recognised. Remove them from the part that is learnt from.")
def leaks(scanned: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes in two parts."""
    for group in _same(scanned):
        if len({scanned.parts[i] for i in group}) > 1:
            yield Case(_named(scanned, group), "the same bytes", _judged_by(scanned, group))


@check("near_leak", "error", "pictures in two parts that look the same",
       "Resized, saved again, or mirrored: as bad as the same file. Remove them from the part that is learnt from.")
def near_leaks(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, in two parts."""
    for group, said in _groups(scanned):
        if len({scanned.parts[i] for i in group}) > 1:
            yield Case(_named(scanned, group), said, _judged_by(scanned, group))


@check("label_conflict", "error", "pictures under two labels",
       "At most one of the labels is right. Delete the wrong ones.")
def conflicts(scanned: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes under two labels."""
    for group in _same(scanned):
        if len({int(scanned.labels[i]) for i in group}) > 1:
            yield Case(_named(scanned, group), "the same bytes", _named(scanned, group))


@check("near_conflict", "warning", "pictures that look the same under two labels",
       "Resized, saved again, or mirrored; at most one of the labels is right. Look at them.")
def near_conflicts(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, under two labels."""
    for group, said in _groups(scanned):
        if len({int(scanned.labels[i]) for i in group}) > 1:
            yield Case(_named(scanned, group), said)


@check("copy", "warning", "copies within a class",
       "They count twice in training, and in a test they make it surer than it is. Keep one of each.")
def copies(scanned: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes in one part and one class."""
    for group in _same(scanned):
        if _one_place(scanned, group):
            yield Case(_named(scanned, group), "the same bytes")


@check("near_copy", "warning", "pictures within a class that look the same",
       "Resized, saved again, mirrored, or one of a series: when they are divided, one part knows the other.")
def near_copies(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, in one part and one class."""
    for group, said in _groups(scanned):
        if _one_place(scanned, group):
            yield Case(_named(scanned, group), said)


def _same(scanned: ScannedSource) -> list[list[int]]:
    """Groups of pictures of the same bytes."""
    groups = defaultdict[str, list[int]](list)
    for i, one in enumerate(scanned.facts):
        groups[one.digest].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _groups(scanned: ScannedSource) -> Iterator[tuple[list[int], str]]:
    """Groups of pictures that look the same and are not all the same bytes, the nearest first, and how near."""
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
    bytes_alike = {i: group for group in _same(scanned) for i in group}
    for top in sorted(groups, key=lambda top: (nearest[top], top)):
        group = sorted({j for i in groups[top] for j in bytes_alike.get(i, [i])})
        yield group, f"distance {nearest[top]:.3f}" + (", mirrored" if top in mirrored else "")


def _one_place(scanned: ScannedSource, group: list[int]) -> bool:
    return len({(scanned.parts[i], int(scanned.labels[i])) for i in group}) == 1


def _named(scanned: ScannedSource, group: list[int]) -> tuple[str, ...]:
    return tuple(scanned.keys[i] for i in group)


def _judged_by(scanned: ScannedSource, group: list[int]) -> tuple[str, ...]:
    """All but those of the part that judges: a test stays as it is, what was learnt from is given up."""
    last = max(FOR_WHAT[scanned.parts[i]] for i in group)
    return tuple(scanned.keys[i] for i in group if FOR_WHAT[scanned.parts[i]] < last)


CHECKS = [leaks, near_leaks, conflicts, near_conflicts, copies, near_copies]
