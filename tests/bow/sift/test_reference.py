"""Tests of all values of dense SIFT against the reference, on pictures of prime sides, for odd and even bins."""

import numpy as np
import pytest

from striate.bow.sift import DenseSIFT
from tests.bow.sift.pictures import textured
from tests.bow.sift.reference import described

CASES = [  # bins, step, enlarge, window, root, (height, width)
    ((4,), 3, 1, "flat", False, (23, 29)),
    ((4,), 3, 1, "gaussian", False, (23, 29)),
    ((3, 5), 4, 1, "flat", True, (29, 23)),
    ((3, 5), 4, 1, "gaussian", True, (29, 23)),
    ((6,), 5, 1, "flat", False, (37, 31)),
    ((6, 2), 4, 1, "gaussian", False, (37, 31)),
    ((3,), 2, 2, "flat", True, (11, 13)),
    ((4,), 5, 3, "gaussian", False, (11, 7)),
]


@pytest.mark.parametrize(("bins", "step", "enlarge", "window", "root", "shape"), CASES)
def test_equal_to_the_slow_truth(bins: tuple[int, ...], step: int, enlarge: int, window: str, root: bool,
                                 shape: tuple[int, int]) -> None:
    picture = textured(1, *shape)
    ours = DenseSIFT(bins, step, window, root=root, contrast=0, enlarge=enlarge).fit(picture[None])
    found, grid = ours.transform(picture[None])[0], ours.grid(*shape)
    y, x = ((np.array(at) + 0.5) * enlarge - 0.5 for at in (grid.y, grid.x))
    for size in bins:
        mine = grid.bin == np.float32(size / enlarge)
        centres = list(zip(y[mine].round().astype(int), x[mine].round().astype(int), strict=True))
        truth = described(picture, centres, size, enlarge, window=window, contrast=0, root=root)
        assert len(truth) > 3
        # Roots are compared by their squares: the root of a rounding error of 1e-8 would be 1e-4.
        np.testing.assert_allclose(found[mine] ** (1 + root), truth ** (1 + root), atol=3e-6)


@pytest.mark.parametrize("window", ["flat", "gaussian"])
def test_contrast_zeroes_the_same_descriptors(window: str) -> None:
    picture = (textured(2, 31, 41) * np.linspace(0, 1, 41)).astype(np.uint8)  # fades out to the left
    contrast = 0.035
    ours = DenseSIFT((4,), 3, window, contrast=contrast, root=False, enlarge=1).fit(picture[None])
    grid = ours.grid(31, 41)
    truth = described(picture, list(zip(grid.y.astype(int), grid.x.astype(int), strict=True)), 4,
                      window=window, contrast=contrast, root=False)
    found = ours.transform(picture[None])[0]
    empty = ~truth.any(axis=1)
    assert 10 < empty.sum() < len(truth) - 10
    np.testing.assert_array_equal(~found.any(axis=1), empty)
    np.testing.assert_allclose(found, truth, atol=3e-6)


def test_an_edge_by_reasoning() -> None:
    """Dark left, light right, the edge between columns 31 and 32: all points right, in the two middle columns."""
    picture = np.zeros((1, 64, 64), np.uint8)
    picture[:, :, 32:] = 200
    ours = DenseSIFT((4,), 1, root=False).fit(picture)
    grid = ours.grid(64, 64)
    there = int(np.flatnonzero((grid.y == 32) & (grid.x == 32))[0])
    bins = ours.transform(picture)[0, there].reshape(4, 4, 8)
    assert bins[:, :, 1:].max() < 1e-6
    # The gradient is in columns 31 and 32; bins lie at −6, −2, 2 and 6 from the centre, so the outer two see nothing.
    assert bins[:, [0, 3]].max() < 1e-5
    # The eight others are all above the limit of 0.2, so all are limited, and then equal: 8 · (1/√8)² = 1.
    np.testing.assert_allclose(bins[:, [1, 2], 0], 8**-0.5, rtol=1e-6)


def test_mirrored_and_turned_pictures_have_mirrored_and_turned_descriptors() -> None:
    picture = textured(3, 53, 53)  # (53 − 1 − 2·6)/4 = 10 steps exactly: the grid is its own mirror image
    ours = DenseSIFT((4,), 4, root=False).fit(picture[None])
    plain, left, turned = (ours.transform(p[None])[0].reshape(11, 11, 4, 4, 8)
                           for p in (picture, picture[:, ::-1], picture.T))
    directions = np.arange(8)
    np.testing.assert_allclose(left, plain[:, ::-1, :, ::-1][..., (4 - directions) % 8], atol=1e-5)
    np.testing.assert_allclose(turned, plain.transpose(1, 0, 3, 2, 4)[..., (2 - directions) % 8], atol=1e-5)
