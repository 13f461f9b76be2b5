"""Copies: of the same bytes or of the same looks, across parts (leaks), under two labels, or side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from striate.quality.finding import Case, Check
from striate.quality.scan import ScannedSource

FOR_WHAT = {"train": 0, "": 0, "validation": 1, "test": 2}  # what is kept of a leak: the copy that judges


def leaks(examined: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes in two parts."""
    for group in _same(examined):
        if len({examined.parts[i] for i in group}) > 1:
            yield Case(_named(examined, group), "the same bytes", _judged_by(examined, group))


def near_leaks(examined: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, in two parts."""
    for group, said in _groups(examined):
        if len({examined.parts[i] for i in group}) > 1:
            yield Case(_named(examined, group), said, _judged_by(examined, group))


def conflicts(examined: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes under two labels."""
    for group in _same(examined):
        if len({int(examined.labels[i]) for i in group}) > 1:
            yield Case(_named(examined, group), "the same bytes", _named(examined, group))


def near_conflicts(examined: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, under two labels."""
    for group, said in _groups(examined):
        if len({int(examined.labels[i]) for i in group}) > 1:
            yield Case(_named(examined, group), said)


def copies(examined: ScannedSource) -> Iterator[Case]:
    """Copies of the same bytes in one part and one class."""
    for group in _same(examined):
        if _one_place(examined, group):
            yield Case(_named(examined, group), "the same bytes")


def near_copies(examined: ScannedSource) -> Iterator[Case]:
    """Pictures that look the same, in one part and one class."""
    for group, said in _groups(examined):
        if _one_place(examined, group):
            yield Case(_named(examined, group), said)


def _same(examined: ScannedSource) -> list[list[int]]:
    """Groups of pictures of the same bytes."""
    groups = defaultdict[str, list[int]](list)
    for i, one in enumerate(examined.facts):
        groups[one.digest].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _groups(examined: ScannedSource) -> Iterator[tuple[list[int], str]]:
    """Groups of pictures that look the same and are not all the same bytes, the nearest first, and how near."""
    root: dict[int, int] = {}

    def find(i: int) -> int:
        while root.setdefault(i, i) != i:
            root[i] = i = root[root[i]]
        return i

    for pair in examined.pairs:
        root[find(pair.first)] = find(pair.second)
    groups, nearest, mirrored = defaultdict[int, set[int]](set), dict[int, float](), set[int]()
    for pair in examined.pairs:
        top = find(pair.first)
        groups[top] |= {pair.first, pair.second}
        nearest[top] = min(nearest.get(top, pair.distance), pair.distance)
        mirrored |= {top} if pair.mirrored else set()
    bytes_alike = {i: group for group in _same(examined) for i in group}
    for top in sorted(groups, key=lambda top: (nearest[top], top)):
        group = sorted({j for i in groups[top] for j in bytes_alike.get(i, [i])})
        yield group, f"distance {nearest[top]:.3f}" + (", mirrored" if top in mirrored else "")


def _one_place(examined: ScannedSource, group: list[int]) -> bool:
    return len({(examined.parts[i], int(examined.labels[i])) for i in group}) == 1


def _named(examined: ScannedSource, group: list[int]) -> tuple[str, ...]:
    return tuple(examined.keys[i] for i in group)


def _judged_by(examined: ScannedSource, group: list[int]) -> tuple[str, ...]:
    """All but those of the part that judges: a test stays as it is, what was learnt from is given up."""
    last = max(FOR_WHAT[examined.parts[i]] for i in group)
    return tuple(examined.keys[i] for i in group if FOR_WHAT[examined.parts[i]] < last)


KINDS = (
    Check("leak", "error", "pictures in two parts",
         "What was learnt by heart counts as recognised. Remove them from the part that is learnt from.", leaks),
    Check("near_leak", "error", "pictures in two parts that look the same",
         "Resized, saved again, or mirrored: as bad as the same file. Remove them from the part that is learnt from.",
         near_leaks),
    Check("label_conflict", "error", "pictures under two labels",
         "At most one of the labels is right. Delete the wrong ones.", conflicts),
    Check("near_conflict", "warning", "pictures that look the same under two labels",
         "Resized, saved again, or mirrored; at most one of the labels is right. Look at them.", near_conflicts),
    Check("copy", "warning", "copies within a class",
         "They count twice in training, and in a test they make it surer than it is. Keep one of each.", copies),
    Check("near_copy", "warning", "pictures within a class that look the same",
         "Resized, saved again, mirrored, or one of a series: when they are divided, one part knows the other.",
         near_copies),
)
