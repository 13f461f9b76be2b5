"""Tests of the spatial pyramid against loops over descriptors and cells in float64."""

import numpy as np
import pytest
from sklearn.base import clone

from striate.bow.pyramid import SpatialPyramid

GRIDS = [((1, 1),), ((1, 1), (2, 2), (4, 4)), ((1, 1), (3, 1)), ((2, 3), (5, 7))]


def cell_of(centre: float, extent: int, parts: int) -> int:
    for part in range(parts):
        if centre + 0.5 < (part + 1) * extent / parts:
            return part
    return parts - 1


@pytest.mark.parametrize("grids", GRIDS)
def test_regions(grids: tuple[tuple[int, int], ...]) -> None:
    height, width = 11, 13
    y, x = (part.ravel().astype(np.float32) for part in np.mgrid[0:height:0.5, 0:width:0.5])
    found = SpatialPyramid(grids).regions(y, x, height, width)
    expected: list[list[int]] = []
    for rows, columns in grids:
        cells: list[list[int]] = [[] for _ in range(rows * columns)]
        for i in range(len(y)):
            cells[cell_of(y[i], height, rows) * columns + cell_of(x[i], width, columns)].append(i)
        expected += cells
    assert [region.tolist() for region in found] == expected
    assert all(region.dtype == np.int32 for region in found)


def test_centres_outside_belong_to_the_nearest_cell() -> None:
    found = SpatialPyramid(((2, 2),)).regions(np.float32([-9, 99]), np.float32([99, -9]), 8, 8)
    assert [region.tolist() for region in found] == [[], [0], [1], []]


@pytest.mark.parametrize(("levels", "expected"), [(1, [1]), (2, [1 / 2, 1 / 2]), (3, [1 / 4, 1 / 4, 1 / 2]),
                                                  (4, [1 / 8, 1 / 8, 1 / 4, 1 / 2])])
def test_level_weights_of_the_paper(levels: int, expected: list[float]) -> None:
    assert SpatialPyramid(((1, 1),) * levels).cell_weights.tolist() == expected
    assert SpatialPyramid(((1, 1),) * levels, weights="equal").cell_weights.tolist() == [1] * levels


def slow_join(histograms: np.ndarray, weights: list[float], steps: tuple[str, ...]) -> np.ndarray:
    joined = []
    for picture in histograms.astype(np.float64):
        cells = []
        for cell, weight in zip(picture, weights, strict=True):
            length = np.sqrt((cell**2).sum())
            cells.append(weight * (cell / length if "region_l2" in steps and length else cell))
        vector = np.concatenate(cells)
        for step in steps:
            if step == "power":
                vector = np.array([np.sqrt(abs(v)) * np.sign(v) for v in vector])
            total = {"l1": np.abs(vector).sum(), "l2": np.sqrt((vector**2).sum())}.get(step, 1)
            vector = vector / total if total else vector
        joined.append(vector)
    return np.array(joined)


@pytest.mark.parametrize("steps", [(), ("l1",), ("l2",), ("power", "l2"), ("region_l2", "power", "l1")])
def test_join(steps: tuple[str, ...]) -> None:
    histograms = np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float32)
    histograms[1, 2] = 0  # an empty cell
    histograms[2] = 0  # a picture without a word
    before = histograms.copy()
    joined = SpatialPyramid(((1, 1), (2, 2)), normalise=steps).join(histograms)
    np.testing.assert_allclose(joined, slow_join(histograms, [0.5] * 5, steps), rtol=2e-6, atol=1e-7)
    assert joined.dtype == np.float32
    assert not joined[2].any()
    np.testing.assert_array_equal(histograms, before)


def test_is_an_estimator() -> None:
    pyramid = SpatialPyramid(((1, 1), (3, 1)), weights="equal", normalise=("l2",))
    assert clone(pyramid).get_params() == pyramid.get_params()
    assert "(3, 1)" in repr(pyramid)
