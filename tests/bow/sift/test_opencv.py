"""Tests of dense SIFT against OpenCV: same places and bins, and the same smoothing, derived from its `sigma`."""

import cv2
import numpy as np
import pytest

from striate.bow.sift import DenseSIFT
from tests.bow.sift.pictures import textured

BINS = (4, 6, 8, 10)
TURNED = [0, 7, 6, 5, 4, 3, 2, 1]  # its directions go the other way round
LEAST = {"gaussian": 0.999, "flat": 0.997}


@pytest.mark.parametrize("window", LEAST)
@pytest.mark.parametrize(("seed", "shape"), [(0, (131, 157)), (1, (200, 101))])
def test_close_to_opencv(window: str, seed: int, shape: tuple[int, int]) -> None:
    picture = textured(seed, *shape)
    ours = DenseSIFT(BINS, 7, window, contrast=0, root=False).fit(picture[None])
    found, grid = ours.transform(picture[None])[0], ours.grid(*shape)
    for size in BINS:
        mine = grid.bin == size
        # A keypoint's bins are 1.5 times its size wide; sigma = size/6 makes it smooth by √(sigma² − 0.25), as we do.
        points = [cv2.KeyPoint(float(x), float(y), 2 * size / 3, 0)
                  for y, x in zip(grid.y[mine], grid.x[mine], strict=True)]
        kept, theirs = cv2.SIFT_create(sigma=size / 6).compute(picture, points)
        assert len(kept) == mine.sum() > 50
        theirs = theirs.reshape(-1, 16, 8)[:, :, TURNED].reshape(-1, 128)
        theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
        cosines = (found[mine] * theirs).sum(axis=1)
        assert cosines.mean() >= LEAST[window], size
        assert cosines.min() >= 0.98, size
