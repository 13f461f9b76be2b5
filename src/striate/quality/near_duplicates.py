"""Near-duplicates: pairs of pictures whose thumbnails lie near each other, mirror images among them.

Few pairs within the limit are missed: thumbnails are rotated to their principal axes, and their first 16 coordinates
are searched with a k-d tree (Bentley, 1975). Distances among fewer coordinates are never larger, so what is near in
all is near in these; each pair found there is then measured in full.

Limits: of each picture the 24 nearest in those coordinates are compared (copies of copies are found by way of one
another); blank pictures have no duplicates. A copy that was cropped or turned is not found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.quality.image_statistics import THUMBNAIL, Floats, ImageStatistics

NEAR = 0.06  # of thumbnails of norm 1
CHROMA = 12.0  # of 255
BLANK = 2.0  # standard deviation of the luma, of 255, below which a picture is blank
AXES, NEAREST = 16, 24
SAMPLE = 20_000  # thumbnails that the axes are found from
BLOCK = 4_096


@dataclass(frozen=True, order=True)
class NearDuplicate:
    """Near-duplicates, first < second: the distance of their thumbnails; whether one is a mirror image of the other."""

    first: int
    second: int
    distance: float
    mirrored: bool = False


def near_duplicates(statistics: ImageStatistics, digests: list[str], limit: float = NEAR) -> list[NearDuplicate]:
    """Pairs of near-duplicates that differ in their bytes; of pictures of the same bytes the first is compared.

    >>> pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), np.uint8)
    >>> pictures[2] = pictures[0, :, ::-1]
    >>> pictures[2, 0, 0] ^= 4                                              # and saved with a loss
    >>> pairs = near_duplicates(ImageStatistics.of(pictures), ["a", "b", "c"])
    >>> [(pair.first, pair.second, pair.mirrored) for pair in pairs]
    [(0, 2, True)]
    """
    from scipy.spatial import cKDTree  # here, because quick findings need none of it

    first: dict[str, int] = {}
    for i, digest in enumerate(digests):
        first.setdefault(digest, i)
    chosen = np.array([i for i in first.values() if statistics.std[i] >= BLANK], np.int64)
    if len(chosen) < 2:
        return []
    thumbnails = statistics.thumbnails[chosen]
    axes = _axes(thumbnails)
    starts = range(0, len(thumbnails), BLOCK)
    tree = cKDTree(np.concatenate([_normed(thumbnails[start : start + BLOCK]) @ axes for start in starts]))
    best: dict[tuple[int, int], NearDuplicate] = {}
    for start in range(0, len(chosen), BLOCK):
        for mirrored in (False, True):
            block = thumbnails[start : start + BLOCK]
            if mirrored:
                block = block.reshape(-1, THUMBNAIL, THUMBNAIL)[:, :, ::-1].reshape(len(block), -1)
            here = _normed(block)
            _, found = tree.query(here @ axes, k=min(NEAREST, len(chosen)), distance_upper_bound=1.001 * limit,
                                  workers=-1)
            near = np.asarray(found)
            mine, place = np.nonzero(near < len(chosen))
            other = near[mine, place]
            later = other != mine + start
            mine, other = mine[later], other[later]
            distance = np.linalg.norm(here[mine] - _normed(thumbnails[other]), axis=1)
            shades = np.abs(statistics.chroma[chosen[mine + start]] - statistics.chroma[chosen[other]]).max(axis=1)
            for k in np.flatnonzero((distance <= limit) & (shades <= CHROMA)):
                a, b = sorted((int(chosen[mine[k] + start]), int(chosen[other[k]])))
                pair = NearDuplicate(a, b, round(float(distance[k]), 4), mirrored)
                if (a, b) not in best or best[a, b].distance > pair.distance:
                    best[a, b] = pair
    return sorted(best.values())


def _normed(thumbnails: NDArray[np.uint8]) -> Floats:
    real = thumbnails.astype(np.float32)
    real -= real.mean(axis=1, keepdims=True)
    return np.asarray(real / np.maximum(np.linalg.norm(real, axis=1, keepdims=True), 1e-6), np.float32)


def _axes(thumbnails: NDArray[np.uint8]) -> Floats:
    """The first principal axes of thumbnails, (256, AXES), orthonormal."""
    step = max(1, len(thumbnails) // SAMPLE)
    some = _normed(thumbnails[::step])
    _, vectors = np.linalg.eigh(some.T @ some)
    return np.asarray(vectors[:, -AXES:], np.float32)
