"""Layout of overlapping regions as disjoint slices of descriptors.

The regions of a pyramid overlap: the whole picture, its quarters, its sixteenths. Descriptors that lie in the same
regions form a slice; sums and maxima are taken once for each slice and then joined, so that three levels cost as much
as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import UsageError


@dataclass(frozen=True)
class RegionLayout:
    """Disjoint slices of descriptors: `order` (D',), those in any region, slice after slice, and `starts` (S + 1,).

    `member` (R, S) bool: which slices make up a region. No slice is empty.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    member: NDArray[np.bool_]

    def chunks(self, longest: int) -> list[tuple[int, int]]:
        """Runs of slices (first, last + 1), each of at most `longest` descriptors."""
        found, first = [], 0
        for last in range(1, len(self.starts)):
            if last + 1 == len(self.starts) or self.starts[last + 1] - self.starts[first] > longest:
                found.append((first, last))
                first = last
        return found


def layout_of(regions: Sequence[NDArray[Any]], count: int, longest: int) -> RegionLayout:
    """The slices of `regions`, each an index array into `count` descriptors; none is longer than `longest`.

    Raises `UsageError` (`bad_regions`).

    >>> layout = layout_of([np.array([0, 1, 2]), np.array([1]), np.array([], int)], count=4, longest=10)
    >>> layout.order, layout.starts, layout.member.astype(int).tolist()
    (array([0, 2, 1]), array([0, 2, 3]), [[1, 1], [0, 1], [0, 0]])

    0 and 2 lie in the first region only, 1 in both; the third is empty, and 3 lies nowhere.
    """
    inside = np.zeros((len(regions), count), bool)
    for number, region in enumerate(regions):
        picked = np.asarray(region)
        if not picked.size and picked.ndim == 1:
            continue
        if picked.ndim != 1 or picked.dtype.kind not in "iu" or picked.min() < 0 or picked.max() >= count:
            raise _refused(number, count, "other values")
        inside[number, picked] = True
        if inside[number].sum() != len(picked):
            raise _refused(number, count, "the same index twice")
    if not inside.any():
        return RegionLayout(np.zeros(0, np.intp), np.zeros(1, np.intp), np.zeros((len(regions), 0), bool))
    kind = np.zeros(count, np.int64)
    for row in inside:  # descriptors in the same regions get the same number; there are at most `count` numbers
        kind = np.unique(2 * kind + row, return_inverse=True)[1]
    anywhere = np.flatnonzero(inside.any(axis=0))
    order = anywhere[np.argsort(kind[anywhere], kind="stable")]
    sizes = np.bincount(kind[order])
    ends = np.cumsum(sizes)
    cuts = [np.arange(end - size, end, longest) for size, end in zip(sizes, ends, strict=True) if size]
    starts = np.append(np.concatenate(cuts), len(order))
    return RegionLayout(order, starts, inside[:, order[starts[:-1]]])


def _refused(number: int, count: int, given: str) -> UsageError:
    return UsageError("bad_regions", "descriptors were to be pooled in regions",
                      allowed=f"for each region different indices of descriptors, 0 to {count - 1}, are allowed",
                      given=f"region {number} holds {given}", do="Take the regions of the same grid as the descriptors")
