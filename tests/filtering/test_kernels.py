"""Every named kernel: its weights by hand, its options, and what it answers to."""

from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.ndimage import laplace, sobel

from striate.filtering import KERNELS, correlate, named_kernels

LECTURE = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_is_square_odd_and_answers_to_flat_parts_as_it_should(name: str) -> None:
    flat = np.full((9, 9), 7)
    for one in named_kernels(name):
        assert one.weights.shape[0] == one.weights.shape[1]
        assert one.weights.shape[0] % 2 == 1
        response = correlate(flat, one)[4, 4]
        assert response == (0 if one.signed else pytest.approx(7, abs=1e-12))
    assert KERNELS[name].summary


def test_the_lectures_kernel_is_the_gaussian_of_one_sigma_exactly() -> None:
    (usual,), (told,) = named_kernels("gaussian"), named_kernels("gaussian", sigma=0.849322)
    assert np.array_equal(usual.weights, LECTURE)
    assert np.array_equal(named_kernels("gaussian", sigma=1 / sqrt(2 * log(2)))[0].weights, LECTURE)
    assert told.weights.shape == (3, 3)
    assert np.abs(told.weights - LECTURE).max() < 1e-7  # six digits of sigma, and as many of the weights
    assert 0.849322 * sqrt(2) == pytest.approx(1.201122, abs=1e-6)
    without = [[exp(-(x * x + y * y) / 1.201122**2) for x in (-1, 0, 1)] for y in (-1, 0, 1)]
    assert np.abs(np.array(without) / np.sum(without) - LECTURE).max() < 2e-7  # exp(−r²/σ²), the lecture's own form


@pytest.mark.parametrize(("sigma", "size", "side"), [(0.1, None, 3), (1.0, None, 5), (2.0, None, 9), (13.0, None, 59),
                                                     (1.0, 63, 63), (5.0, 1, 1)])
def test_the_gaussian_is_sampled_and_sums_to_one(sigma: float, size: int | None, side: int) -> None:
    weights = named_kernels("gaussian", sigma, size)[0].weights
    assert weights.shape == (side, side)
    assert weights.sum() == pytest.approx(1)
    middle = side // 2
    for row, column in ((0, 0), (0, middle), (middle, 0)):
        away = (row - middle) ** 2 + (column - middle) ** 2
        assert weights[row, column] / weights[middle, middle] == pytest.approx(exp(-away / (2 * sigma**2)))


def test_box_is_the_mean() -> None:
    assert np.array_equal(named_kernels("box", size=5)[0].weights, np.full((5, 5), 1 / 25))


def test_sobel_and_laplacian_are_those_of_scipy() -> None:
    values = np.random.default_rng(0).integers(0, 256, (8, 9))
    x, y = named_kernels("sobel")
    assert np.array_equal(correlate(values, x, "reflect"), sobel(values, axis=1))
    assert np.array_equal(correlate(values, y, "reflect"), sobel(values, axis=0))
    (second,) = named_kernels("laplacian")
    assert np.array_equal(correlate(values, second, "reflect"), laplace(values))
    (sharp,) = named_kernels("sharpen")
    assert np.array_equal(correlate(values, sharp, "reflect"), values - laplace(values))
